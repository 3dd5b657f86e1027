#!/bin/bash
# Two network namespaces joined by a veth pair.
set -e

NS1=red
NS2=blue

ip netns add $NS1
ip netns add $NS2

# One end of the pair goes into each namespace.
ip link add veth-red type veth peer name veth-blue
ip link set veth-red netns $NS1
ip link set veth-blue netns $NS2

ip -n $NS1 addr add 192.168.15.1/24 dev veth-red
ip -n $NS2 addr add 192.168.15.2/24 dev veth-blue
ip -n $NS1 link set veth-red up
ip -n $NS2 link set veth-blue up

ip netns exec $NS1 ping -c 1 192.168.15.2
