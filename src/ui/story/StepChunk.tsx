import { useEffect, useRef, useState, type ReactNode } from 'react';

const CHUNK = 40;
/** A step's usual height; a chunk that has been drawn keeps its own. */
const USUAL_HEIGHT = 58;
/** Chunks this near to the visible part are drawn. */
const NEAR = '800px 0px';

/** A chunk holds this many chunks at most: a storm's hundred thousands of steps lie in chunks of chunks. */
const MOST_CHUNKS = 40;

/** Parts to draw `from`…`to` in, undefined when it is few enough to be drawn as steps. */
export function chunksOf(from: number, to: number): [start: number, end: number][] | undefined {
  if (to - from <= CHUNK) return undefined;
  let size = CHUNK;
  while ((to - from) / size > MOST_CHUNKS) size *= MOST_CHUNKS;
  const chunks: [number, number][] = [];
  for (let start = from; start < to; start += size) chunks.push([start, Math.min(start + size, to)]);
  return chunks;
}

interface StepChunkProps {
  readonly count: number;
  /** Drawn wherever it is: it holds the current step. */
  readonly pinned: boolean;
  readonly children: () => ReactNode;
}

/** Some steps of a long story, drawn only near the visible part. */
export function StepChunk({ count, pinned, children }: StepChunkProps) {
  const [near, setNear] = useState(false);
  const [height, setHeight] = useState(count * USUAL_HEIGHT);
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const chunk = element.current;
    if (chunk === null) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry === undefined) return;
        if (!entry.isIntersecting && entry.boundingClientRect.height > 0) {
          setHeight(entry.boundingClientRect.height);
        }
        setNear(entry.isIntersecting);
      },
      { rootMargin: NEAR },
    );
    observer.observe(chunk);
    return () => observer.disconnect();
  }, []);
  const drawn = near || pinned;
  return (
    <div ref={element} style={drawn ? undefined : { height }}>
      {drawn ? children() : null}
    </div>
  );
}
