package lab

// hubAndSpokes is the usual topology: all between the spokes and to the
// internet goes by the firewall in the hub.
const hubAndSpokes = `
name: hub-and-spokes
virtualNetworks:
  - name: hub
    addressSpace: {addressPrefixes: [10.1.0.0/24]}
    subnets:
      - {name: AzureFirewallSubnet, addressPrefix: 10.1.0.0/26}
    virtualNetworkPeerings:
      - {name: to-a, remoteVirtualNetwork: {id: spoke-a}}
      - {name: to-b, remoteVirtualNetwork: {id: spoke-b}}
  - name: spoke-a
    addressSpace: {addressPrefixes: [10.1.1.0/24]}
    subnets:
      - {name: default, addressPrefix: 10.1.1.0/24, routeTable: {id: rt-a}}
    virtualNetworkPeerings:
      - {name: to-hub, remoteVirtualNetwork: {id: hub}}
  - name: spoke-b
    addressSpace: {addressPrefixes: [10.1.2.0/24]}
    subnets:
      - {name: default, addressPrefix: 10.1.2.0/24, routeTable: {id: rt-b}}
    virtualNetworkPeerings:
      - {name: to-hub, remoteVirtualNetwork: {id: hub}}
routeTables:
  - name: rt-a
    routes:
      - {name: all, addressPrefix: 0.0.0.0/0, nextHopType: VirtualAppliance, nextHopIpAddress: 10.1.0.4}
  - name: rt-b
    routes:
      - {name: all, addressPrefix: 0.0.0.0/0, nextHopType: VirtualAppliance, nextHopIpAddress: 10.1.0.4}
azureFirewalls:
  - {name: fw, subnet: hub/AzureFirewallSubnet, privateIPAddress: 10.1.0.4, firewallPolicy: {id: policy.yaml}}
virtualMachines:
  - {name: a, subnet: spoke-a/default, privateIPAddress: 10.1.1.4, services: [{name: echo, port: 7}]}
  - {name: a2, subnet: spoke-a/default, privateIPAddress: 10.1.1.5, services: [{name: echo, port: 7}]}
  - name: b
    subnet: spoke-b/default
    privateIPAddress: 10.1.2.4
    services:
      - {name: echo, port: 7}
      - {name: web, port: 80, kind: http}
      - {name: closer, port: 81, kind: closer}
      - {name: discard, port: 9, kind: discard}
internet:
  hosts:
    - {name: web, address: 203.0.113.10, services: [{name: http, port: 80, kind: http}]}
    - {name: web2, address: 203.0.113.11, services: [{name: http, port: 80, kind: http}]}
`

// oneNetwork is the case of a workshop: client and server in one network, and
// a route table that sends only the server's packets to the firewall.
const oneNetwork = `
name: one-network
virtualNetworks:
  - name: net
    addressSpace: {addressPrefixes: [10.2.0.0/16]}
    subnets:
      - {name: AzureFirewallSubnet, addressPrefix: 10.2.0.0/26}
      - {name: client, addressPrefix: 10.2.1.0/24, routeTable: {id: rt-client}}
      - {name: server, addressPrefix: 10.2.2.0/24, routeTable: {id: rt-server}}
routeTables:
  - name: rt-client
  - name: rt-server
    routes:
      - {name: to-client, addressPrefix: 10.2.1.0/24, nextHopType: VirtualAppliance, nextHopIpAddress: 10.2.0.4}
azureFirewalls:
  - {name: fw, subnet: net/AzureFirewallSubnet, privateIPAddress: 10.2.0.4}
virtualMachines:
  - {name: client, subnet: net/client, privateIPAddress: 10.2.1.4}
  - name: server
    subnet: net/server
    privateIPAddress: 10.2.2.4
    services: [{name: echo, port: 7}, {name: ssh, port: 22, kind: ssh}]
`
