import { Download } from 'lucide-react';
import { getTrace, useSteps, type Frame } from '../../state';
import { useText } from '../i18n';
import { Button } from '../widgets/Button';
import { download } from '../widgets/clipboard';
import { captureOfDevice, captureOfFrame } from './captures';

const PCAP = 'application/vnd.tcpdump.pcap';

interface DownloadsProps {
  readonly frame: Frame;
  /** Index of the step it belongs to. */
  readonly step: number | undefined;
}

/** This frame, and all its device saw, as captures. */
export function Downloads({ frame, step: index }: DownloadsProps) {
  const t = useText();
  const { steps } = useSteps();
  const step = index === undefined ? undefined : steps[index];
  const at = step === undefined ? 0 : (getTrace().events[step.main]?.at ?? 0);
  const { netns, dev } = step ?? {};
  const device = () => {
    if (netns === undefined || dev === undefined) return;
    const file = captureOfDevice(getTrace(), netns, dev);
    if (file !== undefined) download(`${netns}-${dev}.pcap`, file, PCAP);
  };
  return (
    <>
      <Button
        size="s"
        onClick={() => download(`frame-${frame.id}.pcap`, captureOfFrame(frame, at), PCAP)}
        title={t('pcap.frameHint')}
      >
        <Download aria-hidden />
        {t('pcap.frame')}
      </Button>
      {netns === undefined || dev === undefined ? null : (
        <Button size="s" onClick={device} title={t('pcap.deviceHint', { netns, dev })}>
          <Download aria-hidden />
          {t('pcap.device', { dev })}
        </Button>
      )}
    </>
  );
}
