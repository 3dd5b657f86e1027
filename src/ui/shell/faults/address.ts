/** Addresses as the tables write them; those in rows are well formed. */
const numberOf = (address: string) => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);

/** `network/length`, of which the network's host bits do not count. */
export function covers(network: string, length: number, address: string): boolean {
  const size = 2 ** (32 - length);
  return Math.floor(numberOf(network) / size) === Math.floor(numberOf(address) / size);
}

/** As a route's destination says it: `default`, `10.1.16.0/24`, or a bare address. */
export function leadsTo(dst: string, address: string): boolean {
  if (dst === 'default') return true;
  const [network = '', length = '32'] = dst.split('/');
  return covers(network, Number(length), address);
}
