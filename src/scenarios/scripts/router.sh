#!/bin/sh
# Two LANs and a router between them, each a namespace of its own.
set -e

for_lan_a=10.1.1
for_lan_b=10.2.2

# Clean up what an earlier run has left.
ip netns del h1 2>/dev/null || true
ip netns del h2 2>/dev/null || true

ip netns add h1
ip netns add h2
ip netns add router
ip netns add lan-a
ip netns add lan-b

# Two bridges, each in a namespace that only switches.
ip -n lan-a link add br-a type bridge
ip -n lan-a link set br-a up
ip -n lan-b link add br-b type bridge
ip -n lan-b link set br-b up

# Cables: host to switch, router to switch.
ip link add eth0 netns h1 type veth peer name port1 netns lan-a
ip link add eth0 netns router type veth \
    peer name port2 netns lan-a
ip link add eth1 netns router type veth \
    peer name port1 netns lan-b
ip link add eth0 netns h2 type veth peer name port2 netns lan-b

ip -n lan-a link set port1 master br-a up
ip -n lan-a link set port2 master br-a up
ip -n lan-b link set port1 master br-b up
ip -n lan-b link set port2 master br-b up

ip -n h1 addr add ${for_lan_a}.2/24 dev eth0
ip -n h1 link set eth0 up
ip -n h1 route add default via ${for_lan_a}.1

ip -n router addr add ${for_lan_a}.1/24 dev eth0
ip -n router addr add ${for_lan_b}.1/24 dev eth1
ip -n router link set eth0 up
ip -n router link set eth1 up
ip netns exec router sysctl -w net.ipv4.ip_forward=1

ip -n h2 addr add ${for_lan_b}.2/24 dev eth0
ip -n h2 link set eth0 up
ip -n h2 route add default via ${for_lan_b}.1

ip netns exec h1 ping -c 1 ${for_lan_b}.2
ip netns exec h1 traceroute -n ${for_lan_b}.2
