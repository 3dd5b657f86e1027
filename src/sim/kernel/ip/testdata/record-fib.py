#!/usr/bin/env python3
"""Records what the running Linux kernel answers to sequences of ip commands, for fib.linux.test.ts.

    unshare -rn python3 record-fib.py > fib-linux.golden.json

Every sequence runs in a namespace of its own. One step: the command, what it printed, its exit status. IPv6 is off.
The first sequences are written by hand (fib-commands.txt), the others drawn from a seed.
"""
import json
import os
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

HERE = os.path.dirname(os.path.abspath(__file__))


def run_sequence(commands):
    # Carrier changes reach the FIB through a work queue that runs at most once a second.
    script = 'import json,subprocess,sys,time\nout=[]\nfor c in json.load(sys.stdin):\n' \
        ' r=subprocess.run(c.split(),capture_output=True,text=True)\n' \
        ' if "link set" in c: time.sleep(1.2)\n' \
        ' out.append({"command":c,"output":(r.stdout+r.stderr).strip("\\n"),"exit":r.returncode})\n' \
        'print(json.dumps(out))'
    first = ['sysctl -qw net.ipv6.conf.all.disable_ipv6=1', 'sysctl -qw net.ipv6.conf.default.disable_ipv6=1']
    done = subprocess.run(['unshare', '-n', 'python3', '-c', script], input=json.dumps(first + commands),
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)[len(first):]


def by_hand():
    sequences, name, commands = [], None, []
    for line in open(os.path.join(HERE, 'fib-commands.txt')):
        line = line.strip()
        if line.startswith('# '):
            if name:
                sequences.append((name, commands))
            name, commands = line[2:], []
        elif line:
            commands.append(line)
    sequences.append((name, commands))
    return sequences


DEVICES = ['d0', 'd1', 'd2']
PREFIXES = ['10.0.0.0/24', '10.0.1.0/24', '10.1.0.0/16', '10.1.2.0/24', '10.1.2.128/25', '10.9.0.0/16', '10.9.9.9/32', 'default', '10.0.0.0/8']
HOSTS = ['10.0.0.1', '10.0.0.2', '10.0.1.1', '10.1.2.3', '10.1.2.200', '10.1.0.9', '10.9.9.9', '10.9.1.1', '192.0.2.7']
ADDRESSES = ['10.0.0.1/24', '10.0.0.2/24', '10.0.1.1/24', '10.1.2.3/16', '10.1.2.200/25', '10.9.9.9/32', '10.0.0.1/16']


def nexthop(r):
    words = []
    if r.random() < 0.75:
        words += ['via', r.choice(HOSTS)]
    if not words or r.random() < 0.6:
        words += ['dev', r.choice(DEVICES)]
    return words


def route_words(r):
    words = []
    kind = r.random()
    if kind < 0.15:
        words = [r.choice(['blackhole', 'unreachable', 'prohibit', 'throw']), r.choice(PREFIXES)]
    elif kind < 0.3:
        words = [r.choice(PREFIXES)]
        for _ in range(2):
            words += ['nexthop'] + nexthop(r) + (['weight', str(r.randint(1, 3))] if r.random() < 0.5 else [])
    else:
        words = [r.choice(PREFIXES)] + nexthop(r)
        if 'via' in words and r.random() < 0.2:
            words.append('onlink')
        if r.random() < 0.2:
            words += ['src', r.choice(HOSTS)]
    if r.random() < 0.3:
        words += ['metric', str(r.choice([1, 100]))]
    if r.random() < 0.1:
        words += ['proto', r.choice(['bird', 'static'])]
    if r.random() < 0.1:
        words += ['mtu', '1400']
    return words


def drawn(seed):
    r = random.Random(seed)
    commands = []
    for d in DEVICES:
        commands.append(f'ip link add {d} type veth peer name p{d[1]}')
        if r.random() < 0.8:
            commands.append(f'ip link set p{d[1]} up')
        if r.random() < 0.8:
            commands.append(f'ip link set {d} up')
    for d in DEVICES[:2]:
        commands.append(f'ip addr add {r.choice(ADDRESSES)} dev {d}')
    table = lambda: ['table', r.choice(['100', '300', 'main'])] if r.random() < 0.2 else []
    for step in range(36):
        what = r.random()
        if what < 0.52:
            verb = r.choice(['add', 'add', 'add', 'append', 'prepend', 'replace', 'change'])
            words = route_words(r)
            # iproute2 wants the nexthops last.
            at = words.index('nexthop') if 'nexthop' in words else len(words)
            extra = [w for w in table()]
            if 'nexthop' in words:
                tail = words[at:]
                for option in ('metric', 'proto', 'mtu'):
                    if option in tail:
                        i = tail.index(option)
                        extra += tail[i:i + 2]
                        del tail[i:i + 2]
                words = words[:at] + extra + tail
            else:
                words = words + extra
            commands.append(' '.join(['ip', 'route', verb] + words))
        elif what < 0.64:
            words = ['ip', 'route', 'del', r.choice(PREFIXES)]
            if r.random() < 0.3:
                words += nexthop(r)
            commands.append(' '.join(words + table()))
        elif what < 0.74:
            brd = ' brd +' if r.random() < 0.3 else ''
            commands.append(f'ip addr add {r.choice(ADDRESSES)}{brd} dev {r.choice(DEVICES)}')
        elif what < 0.8:
            commands.append(f'ip addr del {r.choice(ADDRESSES)} dev {r.choice(DEVICES)}')
        elif what < 0.9:
            commands.append(f'ip link set {r.choice(["d0", "d1", "d2", "p0", "p1"])} {r.choice(["up", "up", "down"])}')
        elif what < 0.95:
            pref = f' pref {r.randint(1, 3) * 1000}' if r.random() < 0.5 else ''
            commands.append(f'ip rule add{pref} from {r.choice(HOSTS[:4])} table {r.choice(["100", "300"])}')
        else:
            commands.append(f'ip route get {r.choice(HOSTS)} oif {r.choice(DEVICES)}')
        if step % 9 == 8:
            commands.append('ip -j route show table all')
            commands.append('ip -j rule')
            commands += [f'ip -j route get {host}' for host in HOSTS]
    return commands


def main():
    sequences = by_hand() + [(f'drawn from seed {seed}', drawn(seed)) for seed in range(int(sys.argv[1]) if len(sys.argv) > 1 else 16)]
    with ThreadPoolExecutor(12) as pool:
        recorded = [{'name': name, 'steps': steps} for (name, _), steps in
                    zip(sequences, pool.map(lambda each: run_sequence(each[1]), sequences))]
    print('{"kernel":%s,"sequences":[' % json.dumps(os.uname().release))
    print(',\n'.join('{"name":%s,"steps":[\n%s\n]}' % (json.dumps(s['name']), ',\n'.join(json.dumps(step) for step in s['steps'])) for s in recorded))
    print(']}')


main()
