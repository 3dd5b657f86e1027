#!/usr/bin/perl
# flannel's UDP backend in user space: flannel-udp-proxy DEV ADDRESS:PORT TUN_ADDRESS SUBNET=ADDRESS[:PORT]...
#
# After backend/udp/proxy_amd64.c: a packet read from the TUN device goes, TTL less one, to the node whose subnet holds its
# destination; a datagram received is written to the device, TTL less one. TTL 0 is dropped. What no subnet holds is answered
# by ICMP net unreachable from TUN_ADDRESS, unless it is ICMP itself. Returns when the device is there and the socket is bound;
# the device goes with the process.
use strict;
use warnings;
use Socket;

use constant { TUNSETIFF => 0x400454ca, IFF_TUN => 0x0001, IFF_NO_PI => 0x1000, MAX => 65536 };

my ($dev, $local, $own, @routes) = @ARGV;
die "usage: flannel-udp-proxy DEV ADDRESS:PORT TUN_ADDRESS SUBNET=ADDRESS[:PORT]...\n" unless defined $own;
my ($address, $port) = split /:/, $local;

my @table = map {
  my ($net, $bits, $to, $to_port) = m{^([\d.]+)/(\d+)=([\d.]+)(?::(\d+))?$} or die "not a route: $_\n";
  my $mask = $bits == 0 ? 0 : (0xffffffff << (32 - $bits)) & 0xffffffff;
  [number($net) & $mask, $mask, scalar sockaddr_in($to_port // $port, inet_aton($to))];
} @routes;

sysopen(my $tun, '/dev/net/tun', 2) or die "/dev/net/tun: $!\n";
my $request = pack('a16 s x22', $dev, IFF_TUN | IFF_NO_PI);
ioctl($tun, TUNSETIFF, $request) or die "TUNSETIFF $dev: $!\n";
socket(my $sock, PF_INET, SOCK_DGRAM, getprotobyname('udp') // 17) or die "socket: $!\n";
bind($sock, sockaddr_in($port, inet_aton($address))) or die "bind $local: $!\n";

defined(my $pid = fork) or die "fork: $!\n";
exit 0 if $pid;
open(STDIN, '<', '/dev/null');
open(STDOUT, '>', '/dev/null');
open(STDERR, '>', '/dev/null');

my $wanted = '';
vec($wanted, fileno($_), 1) = 1 for $tun, $sock;
while (1) {
  my $ready = $wanted;
  next if select($ready, undef, undef, undef) < 1;
  from_tun() if vec($ready, fileno($tun), 1);
  from_socket() if vec($ready, fileno($sock), 1);
}

sub number { return unpack('N', inet_aton(shift)) }

# tun_to_udp
sub from_tun {
  my $length = sysread($tun, my $packet, MAX);
  return if !$length || $length < 20;
  my $destination = unpack('N', substr($packet, 16, 4));
  my ($route) = grep { ($destination & $_->[1]) == $_->[0] } @table;
  return unreachable($packet) unless $route;
  send($sock, $packet, 0, $route->[2]) if lower_ttl($packet);
}

# udp_to_tun
sub from_socket {
  return unless defined recv($sock, my $packet, MAX, 0);
  return if length($packet) < 20;
  syswrite($tun, $packet) if lower_ttl($packet);
}

# decrement_ttl: changes its argument; false when the packet ends here.
sub lower_ttl {
  my $ttl = ord(substr($_[0], 8, 1)) - 1;
  return 0 if $ttl <= 0;
  substr($_[0], 8, 1) = chr($ttl);
  # The checksum of a header in which one byte was lowered by one: plus 0x0100, with the carry around (RFC 1141).
  my $sum = unpack('n', substr($_[0], 10, 2)) + 0x0100;
  substr($_[0], 10, 2) = pack('n', ($sum & 0xffff) + ($sum >> 16));
  return 1;
}

# send_net_unreachable
sub unreachable {
  my $offender = shift;
  return if ord(substr($offender, 9, 1)) == 1;
  # Only about a first fragment.
  return if unpack('n', substr($offender, 6, 2)) & 0x1fff;
  my $header = (ord($offender) & 0xf) * 4;
  my $quote = substr($offender, 0, $header + 8);
  my $icmp = pack('CCnN', 3, 0, 0, 0) . $quote;
  substr($icmp, 2, 2) = pack('n', checksum($icmp));
  my $ip = pack('CCnnnCCna4a4', 0x45, 0, 20 + length($icmp), 0, 0, 8, 1, 0, inet_aton($own), substr($offender, 12, 4));
  substr($ip, 10, 2) = pack('n', checksum($ip));
  syswrite($tun, $ip . $icmp);
}

sub checksum {
  my $data = shift;
  $data .= "\0" if length($data) % 2;
  my $sum = 0;
  $sum += $_ for unpack('n*', $data);
  $sum = ($sum & 0xffff) + ($sum >> 16) while $sum > 0xffff;
  return ~$sum & 0xffff;
}
