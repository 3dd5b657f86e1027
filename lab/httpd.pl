#!/usr/bin/perl
# A web server that answers with the bytes of the simulated nginx (src/sim/shell/net/nginx.ts), called nginx in a room.
#
# It listens on port 80 of every address and stays in the foreground until it is interrupted. Every path gets a text that names
# who answered and who asked. A connection stays open when the request lets it.
use strict;
use warnings;
use Socket;
use Socket qw(IPPROTO_TCP TCP_NODELAY);

use constant { PORT => 80, BACKLOG => 511, TRIES => 5, MAX_HEADER => 32768, VERSION => 'nginx/1.27.0' };
use constant DATE => 'Thu, 01 Jan 1970 00:00:00 GMT';

$SIG{INT} = sub { exit 0 };
$SIG{PIPE} = 'IGNORE';
chomp(my $name = `ip netns identify $$` || '');

socket(my $listener, PF_INET, SOCK_STREAM, getprotobyname('tcp') // 6) or die "socket: $!\n";
setsockopt($listener, SOL_SOCKET, SO_REUSEADDR, 1);
for my $try (1 .. TRIES) {
  last if bind($listener, sockaddr_in(PORT, INADDR_ANY)) && listen($listener, BACKLOG);
  printf STDERR "nginx: [emerg] bind() to 0.0.0.0:%d failed (%d: %s)\n", PORT, $! + 0, $!;
  select(undef, undef, undef, 0.5);
  next if $try < TRIES;
  print STDERR "nginx: [emerg] still could not bind()\n";
  exit 1;
}
# Nothing is said from here on, and nobody is to wait for it.
open(STDIN, '<', '/dev/null');
open(STDOUT, '>', '/dev/null');
open(STDERR, '>', '/dev/null');

my %request;
my %socket;
while (1) {
  my $ready = '';
  vec($ready, fileno($_), 1) = 1 for $listener, values %socket;
  next if select($ready, undef, undef, undef) < 1;
  begin() if vec($ready, fileno($listener), 1);
  for my $number (keys %socket) {
    more($number) if vec($ready, $number, 1);
  }
}

sub begin {
  return unless accept(my $client, $listener);
  setsockopt($client, IPPROTO_TCP, TCP_NODELAY, 1);
  $socket{fileno $client} = $client;
  $request{fileno $client} = '';
}

sub end {
  my $number = shift;
  close $socket{$number};
  delete $socket{$number};
  delete $request{$number};
}

sub more {
  my $number = shift;
  my $client = $socket{$number};
  return end($number) unless sysread($client, $request{$number}, 65536, length $request{$number});
  while (1) {
    if ($request{$number} =~ /^(?:GET|HEAD) (\S+)\r?\n/) {
      syswrite($client, body($client, $1));
      return end($number);
    }
    my $at = index($request{$number}, "\r\n\r\n");
    return if $at < 0 && length $request{$number} <= MAX_HEADER;
    my $head = $at < 0 ? $request{$number} : substr($request{$number}, 0, $at);
    $request{$number} = $at < 0 ? '' : substr($request{$number}, $at + 4);
    return end($number) unless answer($client, $head);
  }
}

# Whether the connection stays open.
sub answer {
  my ($client, $head) = @_;
  my ($line, @fields) = split /\r\n/, $head;
  my ($method, $target, $minor) = ($line // '') =~ m{^([A-Z]+) (\S+) HTTP/1\.([01])$};
  if (!defined $method || ($minor && !grep { /^host:\s*\S/i } @fields)) {
    reply($client, '400 Bad Request', 'text/html', page('400 Bad Request'), 0, 1);
    return 0;
  }
  my $stays = $minor ? !grep { /^connection:.*close/i } @fields : scalar grep { /^connection:.*keep-alive/i } @fields;
  reply($client, '200 OK', 'text/plain', body($client, $target), $stays, $method ne 'HEAD');
  return $stays;
}

sub body {
  my ($client, $target) = @_;
  my ($port, $address) = sockaddr_in(getsockname $client);
  my (undef, $peer) = sockaddr_in(getpeername $client);
  return sprintf("Server address: %s:%d\nServer name: %s\nRemote address: %s\nURI: %s\n",
    inet_ntoa($address), $port, $name, inet_ntoa($peer), $target);
}

sub reply {
  my ($client, $status, $type, $body, $stays, $with) = @_;
  my @head = (
    "HTTP/1.1 $status",
    'Server: ' . VERSION,
    'Date: ' . DATE,
    "Content-Type: $type",
    'Content-Length: ' . length $body,
    'Connection: ' . ($stays ? 'keep-alive' : 'close'),
  );
  syswrite($client, join("\r\n", @head) . "\r\n\r\n" . ($with ? $body : ''));
}

sub page {
  my $title = shift;
  return join "\r\n", '<html>', "<head><title>$title</title></head>", '<body>', "<center><h1>$title</h1></center>",
    '<hr><center>' . VERSION . '</center>', '</body>', '</html>', '';
}
