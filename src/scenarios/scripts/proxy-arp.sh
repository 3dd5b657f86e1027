#!/bin/bash
# Routed pods: every pod has a /32 and a gateway that no one owns; the host answers ARP for it (proxy ARP).
set -e

ip netns add gateway
ip netns add node
ip netns add pod1
ip netns add pod2

ip netns exec node sysctl -w net.ipv4.ip_forward=1

# The node needs some route to 169.254.1.1, or it will not answer for it: here its default route.
ip link add eth0 netns node type veth peer name eth0 netns gateway
ip -n gateway addr add 192.168.1.1/24 dev eth0
ip -n gateway link set eth0 up
ip -n node addr add 192.168.1.2/24 dev eth0
ip -n node link set eth0 up
ip -n node route add default via 192.168.1.1

ip -n node link add cali1 address ee:ee:ee:ee:ee:ee type veth peer name eth0 netns pod1
ip -n node link set cali1 up
ip netns exec node sysctl -w net.ipv4.conf.cali1.proxy_arp=1
ip netns exec node sysctl -w net.ipv4.neigh.cali1.proxy_delay=0
ip -n node route add 10.233.1.2/32 dev cali1 scope link
ip -n pod1 addr add 10.233.1.2/32 dev eth0
ip -n pod1 link set eth0 up
ip -n pod1 route add 169.254.1.1 dev eth0 scope link
ip -n pod1 route add default via 169.254.1.1 dev eth0

ip -n node link add cali2 address ee:ee:ee:ee:ee:ee type veth peer name eth0 netns pod2
ip -n node link set cali2 up
ip netns exec node sysctl -w net.ipv4.conf.cali2.proxy_arp=1
ip netns exec node sysctl -w net.ipv4.neigh.cali2.proxy_delay=0
ip -n node route add 10.233.1.3/32 dev cali2 scope link
ip -n pod2 addr add 10.233.1.3/32 dev eth0
ip -n pod2 link set eth0 up
ip -n pod2 route add 169.254.1.1 dev eth0 scope link
ip -n pod2 route add default via 169.254.1.1 dev eth0

ip netns exec pod1 ping -c 1 10.233.1.3
