import type { Fault, Undo } from './fault.js'
import type { Network } from './network.js'

/** The broker operations that faults use. */
export interface BrokerControls {
  readonly disconnect: (
    clientId: string,
    options?: { readonly session?: 'keep' | 'lose'; readonly reasonCode?: number },
  ) => void
  readonly down: (options?: { readonly sessions?: 'keep' | 'lose' }) => void
  readonly up: () => void
  readonly restart: (options?: { readonly sessions?: 'keep' | 'lose' }) => void
  readonly refuseConnect: (reasonCode: number, clientId?: string) => Undo
  readonly refuseSubscribe: (filter: string, reasonCode: number) => Undo
  readonly refusePublish: (filter: string, reasonCode: number) => Undo
  readonly sessions: () => readonly { readonly clientId: string }[]
}

/** Injects a fault and returns a function that ends it. A fault without `clientId` affects `scope`, or every client. */
export type InjectFault = (fault: Fault, scope?: string) => Undo

/** Returns a function that injects faults into a broker and its network. */
export function faultInjector(controls: BrokerControls, network: Network): InjectFault {
  const refusals = new Set<Undo>()

  const disconnect = (
    fault: Extract<Fault, { kind: 'cut' | 'disconnect' }>,
    target: string | undefined,
  ): void => {
    const { kind: _, clientId: __, ...options } = fault
    const clientIds = target === undefined ? controls.sessions().map(({ clientId }) => clientId) : [target]
    for (const clientId of clientIds) controls.disconnect(clientId, options)
  }

  const allowConnect = (): void => {
    for (const undo of refusals) undo()
    refusals.clear()
  }

  const injectBrokerFault = (fault: BrokerFault): Undo => {
    switch (fault.kind) {
      case 'down':
        controls.down(outageOf(fault))
        return controls.up
      case 'restart':
        controls.restart(outageOf(fault))
        return () => undefined
      case 'up':
        controls.up()
        return controls.down
      case 'heal':
        controls.up()
        network.heal()
        allowConnect()
        return () => undefined
      case 'refuse-subscribe':
        return controls.refuseSubscribe(fault.filter, fault.reasonCode)
      case 'refuse-publish':
        return controls.refusePublish(fault.filter, fault.reasonCode)
    }
  }

  return (fault, scope) => {
    if (isBrokerFault(fault)) return injectBrokerFault(fault)
    const target = fault.clientId ?? scope
    switch (fault.kind) {
      case 'cut':
        network.block(target)
        disconnect(fault, target)
        return () => network.unblock(target)
      case 'restore':
        network.unblock(target)
        return () => network.block(target)
      case 'disconnect':
        disconnect(fault, target)
        return () => undefined
      case 'refuse-connect': {
        const undo = controls.refuseConnect(fault.reasonCode, target)
        refusals.add(undo)
        return undo
      }
      case 'allow-connect':
        allowConnect()
        return () => undefined
      case 'slow':
        network.setExtraLatency(fault.by, target)
        return () => network.setExtraLatency(0, target)
      case 'fast':
        network.setExtraLatency(0, target)
        return () => undefined
      case 'drop':
      case 'duplicate':
      case 'delay':
      case 'reorder':
      case 'corrupt':
      case 'malform':
        return network.addPacketFault(target === undefined ? fault : { ...fault, clientId: target })
    }
  }
}

function outageOf({ sessions }: Extract<Fault, { kind: 'down' | 'restart' }>): {
  readonly sessions?: 'keep' | 'lose'
} {
  return sessions === undefined ? {} : { sessions }
}

/** A fault of the broker, not of one client. */
type BrokerFault = Extract<
  Fault,
  { readonly kind: 'down' | 'restart' | 'up' | 'heal' | 'refuse-subscribe' | 'refuse-publish' }
>

function isBrokerFault(fault: Fault): fault is BrokerFault {
  return ['down', 'restart', 'up', 'heal', 'refuse-subscribe', 'refuse-publish'].includes(fault.kind)
}
