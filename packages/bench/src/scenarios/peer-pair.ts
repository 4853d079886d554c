import { antiphon } from '../names.js'
import { peerFile } from '../processes/bundle.js'
import { startBroker, type Broker, type BrokerKind } from '../processes/broker.js'
import { startPeer, type Peer } from '../processes/peer.js'

/** A requester and a responder of a program that only Antiphon and the hand-written Map have. */
export interface PeerPair {
  readonly requester: Peer
  readonly responder: Peer
  readonly broker: Broker
}

/** How a pair is started. */
export interface PeerPairOptions {
  /** The prefix of the programs `<program>-antiphon` and `<program>-by-hand`. */
  readonly program: string
  readonly contestant: string
  readonly broker: BrokerKind
  /** The responder's program, if it is the same for all contestants. */
  readonly responder?: string
  readonly endpoints?: number
}

/** Starts a pair with its own broker. */
export async function startPeerPair({
  program,
  contestant,
  broker: kind,
  endpoints,
  ...rest
}: PeerPairOptions): Promise<PeerPair> {
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

/** Stops a pair and its broker. */
export async function stopPeerPair({ requester, responder, broker }: PeerPair): Promise<void> {
  await requester.stop()
  await responder.stop()
  await broker.stop()
}
