import { useMemo } from 'react';
import styles from './lesson.module.css';
import { parseMarkdown, type Block, type Span } from './markdown';

/** A text of the catalogue. Nothing in it is ever taken for HTML. */
export function Markdown({ text }: { readonly text: string }) {
  const blocks = useMemo(() => parseMarkdown(text), [text]);
  return (
    <div className={styles.markdown}>
      {blocks.map((block, i) => (
        <BlockView key={i} block={block} />
      ))}
    </div>
  );
}

function BlockView({ block }: { readonly block: Block }) {
  switch (block.kind) {
    case 'heading': {
      const Heading = `h${block.level}` as const;
      return (
        <Heading>
          <Spans spans={block.spans} />
        </Heading>
      );
    }
    case 'list': {
      const List = block.ordered ? 'ol' : 'ul';
      return (
        <List>
          {block.items.map((item, i) => (
            <li key={i}>
              <Spans spans={item} />
            </li>
          ))}
        </List>
      );
    }
    case 'code':
      return <pre tabIndex={0}>{block.text}</pre>;
    case 'quote':
      return (
        <blockquote>
          <Spans spans={block.spans} />
        </blockquote>
      );
    case 'paragraph':
      return (
        <p>
          <Spans spans={block.spans} />
        </p>
      );
  }
}

const TAGS = { strong: 'strong', code: 'code', em: 'em', plain: 'span' } as const;

function Spans({ spans }: { readonly spans: readonly Span[] }) {
  return spans.map((span, i) => {
    const Tag = TAGS[span.style];
    return <Tag key={i}>{span.text}</Tag>;
  });
}
