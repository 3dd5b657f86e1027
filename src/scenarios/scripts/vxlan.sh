#!/bin/bash
# A VXLAN tunnel by hand: two hosts on a plain network, a layer-2 segment stretched over it.
# Nothing is learnt: FDB and neighbour entries are written as flanneld would write them.
set -e

VNI=100
MAC1=02:00:00:00:01:01
MAC2=02:00:00:00:02:02

ip netns add host1
ip netns add host2

ip link add eth0 netns host1 type veth peer name eth0 netns host2
ip -n host1 addr add 192.168.50.1/24 dev eth0
ip -n host2 addr add 192.168.50.2/24 dev eth0
ip -n host1 link set eth0 up
ip -n host2 link set eth0 up

ip -n host1 link add vxlan$VNI address $MAC1 type vxlan id $VNI local 192.168.50.1 dev eth0 dstport 4789 nolearning
ip -n host2 link add vxlan$VNI address $MAC2 type vxlan id $VNI local 192.168.50.2 dev eth0 dstport 4789 nolearning
ip -n host1 addr add 10.100.0.1/24 dev vxlan$VNI
ip -n host2 addr add 10.100.0.2/24 dev vxlan$VNI
ip -n host1 link set vxlan$VNI up
ip -n host2 link set vxlan$VNI up

# Which host is this MAC behind? And which MAC has this address?
bridge -n host1 fdb add $MAC2 dev vxlan$VNI dst 192.168.50.2
bridge -n host2 fdb add $MAC1 dev vxlan$VNI dst 192.168.50.1
ip -n host1 neigh add 10.100.0.2 lladdr $MAC2 dev vxlan$VNI nud permanent
ip -n host2 neigh add 10.100.0.1 lladdr $MAC1 dev vxlan$VNI nud permanent

ip netns exec host1 ping -c 1 10.100.0.2
