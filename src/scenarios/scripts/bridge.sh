#!/bin/bash
# Three namespaces on one Linux bridge, as containers on docker0.

BRIDGE=br0
NET=10.0.0

sudo ip link add $BRIDGE type bridge
sudo ip addr add ${NET}.1/24 dev $BRIDGE
sudo ip link set $BRIDGE up

# ns1
sudo ip netns add ns1
sudo ip link add veth1 type veth peer name eth0 netns ns1
sudo ip link set veth1 master $BRIDGE
sudo ip link set veth1 up
sudo ip netns exec ns1 ip addr add ${NET}.11/24 dev eth0
sudo ip netns exec ns1 ip link set eth0 up
sudo ip netns exec ns1 ip link set lo up
sudo ip netns exec ns1 ip route add default via ${NET}.1

# ns2
sudo ip netns add ns2
sudo ip link add veth2 type veth peer name eth0 netns ns2
sudo ip link set veth2 master $BRIDGE
sudo ip link set veth2 up
sudo ip netns exec ns2 ip addr add ${NET}.12/24 dev eth0
sudo ip netns exec ns2 ip link set eth0 up
sudo ip netns exec ns2 ip link set lo up
sudo ip netns exec ns2 ip route add default via ${NET}.1

# ns3
sudo ip netns add ns3
sudo ip link add veth3 type veth peer name eth0 netns ns3
sudo ip link set veth3 master $BRIDGE
sudo ip link set veth3 up
sudo ip netns exec ns3 ip addr add ${NET}.13/24 dev eth0
sudo ip netns exec ns3 ip link set eth0 up
sudo ip netns exec ns3 ip link set lo up
sudo ip netns exec ns3 ip route add default via ${NET}.1

sudo ip netns exec ns1 ping -c 1 ${NET}.12
sudo ip netns exec ns1 ping -c 1 ${NET}.1
