import type { Undo, VirtualBroker } from '../virtual/broker.js'
import type { Fault } from './fault.js'
import type { Network } from './network.js'

/** What a fault is brought about with. */
export type FaultTools = Pick<
  VirtualBroker,
  | 'disconnect'
  | 'down'
  | 'up'
  | 'restart'
  | 'refuseConnect'
  | 'refuseSubscribe'
  | 'refusePublish'
  | 'sessions'
>

/** Brings a fault about; one that names no client befalls `scope`, or every client. */
export type Inject = (fault: Fault, scope?: string) => Undo

/** Brings faults about; each can be taken back while it is in force. */
export function faultInjector(tools: FaultTools, network: Network): Inject {
  const refusals = new Set<Undo>()

  const disconnect = (
    fault: Extract<Fault, { kind: 'cut' | 'disconnect' }>,
    who: string | undefined,
  ): void => {
    const { kind: _, clientId: __, ...options } = fault
    const clientIds = who === undefined ? tools.sessions().map(({ clientId }) => clientId) : [who]
    for (const clientId of clientIds) tools.disconnect(clientId, options)
  }

  const allowConnect = (): void => {
    for (const undo of refusals) undo()
    refusals.clear()
  }

  const ofBroker = (fault: BrokerFault): Undo => {
    switch (fault.kind) {
      case 'down':
        tools.down(fault)
        return tools.up
      case 'restart':
        tools.restart(fault)
        return () => undefined
      case 'up':
        tools.up()
        return tools.down
      case 'heal':
        tools.up()
        network.heal()
        allowConnect()
        return () => undefined
      case 'refuse-subscribe':
        return tools.refuseSubscribe(fault.filter, fault.reasonCode)
      case 'refuse-publish':
        return tools.refusePublish(fault.filter, fault.reasonCode)
    }
  }

  return (fault, scope) => {
    if (isBrokerFault(fault)) return ofBroker(fault)
    const who = fault.clientId ?? scope
    switch (fault.kind) {
      case 'cut':
        network.bar(who)
        disconnect(fault, who)
        return () => network.unbar(who)
      case 'restore':
        network.unbar(who)
        return () => network.bar(who)
      case 'disconnect':
        disconnect(fault, who)
        return () => undefined
      case 'refuse-connect': {
        const undo = tools.refuseConnect(fault.reasonCode, who)
        refusals.add(undo)
        return undo
      }
      case 'allow-connect':
        allowConnect()
        return () => undefined
      case 'slow':
        network.slow(fault.by, who)
        return () => network.slow(0, who)
      case 'fast':
        network.slow(0, who)
        return () => undefined
      case 'drop':
      case 'duplicate':
      case 'delay':
      case 'reorder':
      case 'corrupt':
      case 'malform':
        return network.strike(who === undefined ? fault : { ...fault, clientId: who })
    }
  }
}

/** A fault that befalls the broker itself rather than one client. */
type BrokerFault = Extract<
  Fault,
  { readonly kind: 'down' | 'restart' | 'up' | 'heal' | 'refuse-subscribe' | 'refuse-publish' }
>

function isBrokerFault(fault: Fault): fault is BrokerFault {
  return ['down', 'restart', 'up', 'heal', 'refuse-subscribe', 'refuse-publish'].includes(fault.kind)
}
