import { antiphon } from '../names.js'
import { peerFile } from '../processes/bundle.js'
import { startBroker, type Broker, type BrokerKind } from '../processes/broker.js'
import { startPeer, type Peer } from '../processes/peer.js'

/** A requester and a responder of a program that only Antiphon and the Map by hand have. */
export interface Two {
  readonly requester: Peer
  readonly responder: Peer
  readonly broker: Broker
}

/** How they are started. */
export interface TwoRules {
  /** The programs are named `<program>-antiphon` and `<program>-by-hand`. */
  readonly program: string
  readonly contestant: string
  readonly broker: BrokerKind
  /** The responder's program, where it is the same for all. */
  readonly responder?: string
  readonly endpoints?: number
}

/** Starts both at a broker of their own. */
export async function startTwo({
  program,
  contestant,
  broker: kind,
  endpoints,
  ...rest
}: TwoRules): Promise<Two> {
  const name = `${program}-${contestant === antiphon ? 'antiphon' : 'by-hand'}`
  const broker = await startBroker(kind)
  const role = {
    contestant,
    port: broker.port,
    qos: 1,
    ...(endpoints === undefined ? {} : { endpoints }),
  } as const
  try {
    const responder = await startPeer(peerFile(rest.responder ?? name), { ...role, part: 'responder' })
    const requester = await startPeer(peerFile(name), { ...role, part: 'requester' })
    return { requester, responder, broker }
  } catch (error) {
    await broker.stop()
    throw error
  }
}

/** Ends them. */
export async function stopTwo({ requester, responder, broker }: Two): Promise<void> {
  await requester.stop()
  await responder.stop()
  await broker.stop()
}
