/**
 * docker-proxy (moby cmd/docker-proxy): holds a published port on the host and relays what no DNAT rule has caught, such as
 * connections of the host to 127.0.0.1. It takes the port before anybody else can.
 */
import type { Errno, ProcessContext, TcpEvents, TcpSocket, UdpSocket } from '../../../kernel/netlink';
import { strerror } from '../../../kernel/netlink';
import { formatIp4, parseIp4, type Ip4 } from '../../../wire/index';
import { Exit, type Program } from '../../program';

interface Ends {
  readonly protocol: string;
  readonly hostIp: Ip4;
  readonly hostPort: number;
  readonly ip: Ip4;
  readonly port: number;
}

function parse(args: readonly string[]): Ends {
  const flags = new Map<string, string>();
  for (let at = 0; at < args.length; at += 2) {
    const name = (args[at] ?? '').replace(/^--?/, '');
    if (!['proto', 'host-ip', 'host-port', 'container-ip', 'container-port'].includes(name))
      throw new Exit(2, `flag provided but not defined: -${name}\n`);
    flags.set(name, args[at + 1] ?? '');
  }
  const address = (name: string): Ip4 => {
    const parsed = parseIp4(flags.get(name) ?? '');
    if (!parsed.ok) throw new Exit(1, `docker-proxy: invalid ${name}\n`);
    return parsed.value;
  };
  return {
    protocol: flags.get('proto') ?? 'tcp',
    hostIp: address('host-ip'),
    hostPort: Number(flags.get('host-port')),
    ip: address('container-ip'),
    port: Number(flags.get('container-port')),
  };
}

/** Go's net.Listen. */
function listenError({ protocol, hostIp, hostPort }: Ends, errno: Errno): Exit {
  const why = strerror[errno].toLowerCase();
  return new Exit(1, `listen ${protocol}4 ${formatIp4(hostIp)}:${hostPort}: bind: ${why}\n`);
}

/** Everything one side sends goes out on the other, and so does its end. */
function relay(ctx: ProcessContext, ends: Ends, client: TcpSocket): TcpEvents {
  const back = ctx.sockets.tcpConnect(
    ends.ip,
    ends.port,
    {},
    {
      onData: (bytes) => void client.send(bytes),
      onEnd: () => client.shutdown(),
      onError: () => client.close(),
    },
  );
  if (!back.ok) {
    client.close();
    return {};
  }
  const server = back.value;
  return {
    onData: (bytes) => void server.send(bytes),
    onEnd: () => server.shutdown(),
    onError: () => server.close(),
  };
}

/** Each client has a socket of its own towards the container, for the answers. */
function relayDatagrams(ctx: ProcessContext, ends: Ends): Errno | undefined {
  const clients = new Map<string, UdpSocket>();
  const address = ends.hostIp === 0 ? {} : { address: ends.hostIp };
  const front = ctx.sockets.udp(
    { ...address, port: ends.hostPort },
    {
      onMessage({ src, srcPort, payload }) {
        const key = `${src}:${srcPort}`;
        let socket = clients.get(key);
        if (!socket) {
          const opened = ctx.sockets.udp(
            {},
            { onMessage: (answer) => void (front.ok && front.value.sendTo(src, srcPort, answer.payload)) },
          );
          if (!opened.ok) return;
          socket = opened.value;
          clients.set(key, socket);
        }
        socket.sendTo(ends.ip, ends.port, payload);
      },
    },
  );
  return front.ok ? undefined : front.error;
}

export const dockerProxy: Program = {
  name: 'docker-proxy',
  group: 'containers and etcd',
  about: 'holds a published port for dockerd',
  run(ctx, args) {
    const ends = parse(args);
    if (ends.protocol === 'udp') {
      const failed = relayDatagrams(ctx, ends);
      if (failed) throw listenError(ends, failed);
      return 'running';
    }
    const address = ends.hostIp === 0 ? {} : { address: ends.hostIp };
    const listener = ctx.sockets.tcpListen({ ...address, port: ends.hostPort }, (client) =>
      relay(ctx, ends, client),
    );
    if (!listener.ok) throw listenError(ends, listener.error);
    return 'running';
  },
};
