/** The wire formats: addresses, prefixes, headers, checksums, captures, and what one reads in them. */
export * from './arp';
export * from './bytes';
export * from './changed';
export * from './checksum';
export * from './dissect';
export * from './ethernet';
export * from './flowhash';
export * from './icmp';
export * from './ip4';
export * from './ipv4';
export * from './mac';
export * from './malformed';
export * from './pcap';
export * from './tcp';
export * from './tcpdump';
export * from './udp';
export * from './vxlan';
