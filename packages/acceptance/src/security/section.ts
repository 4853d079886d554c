import { join } from 'node:path'
import { installCommands, isInstalled } from '@antiphon/workshop'
import type { NotRun, Outcome, Section, Setting } from '../frame/section.js'
import type { Attack, Verdict } from './attack.js'
import { forgery } from './attacks/forgery.js'
import { names } from './attacks/names.js'
import { packets } from './attacks/packets.js'
import { payloads } from './attacks/payloads.js'
import { reflection } from './attacks/reflection.js'
import { staleness } from './attacks/staleness.js'
import { streams } from './attacks/streams.js'
import { askForAdvisories } from './dependencies.js'
import { layGround, type Ground, type GroundKind } from './ground.js'
import { failuresOf, grounds, type AttackRecord } from './record.js'
import { renderAttacks } from './render.js'
import { tryTls, type TlsRecord } from './tls.js'

/** What was tried against the system. */
export interface SecurityOutcome extends Outcome {
  readonly attacks: readonly AttackRecord[]
  readonly tls: readonly TlsRecord[]
}

const attacks: readonly Attack[] = [
  ...reflection,
  ...forgery,
  ...payloads,
  ...streams,
  ...staleness,
  ...names,
  ...packets,
]

/** A hostile client does what an attacker would, to us and to our peers. */
export const security: Section<SecurityOutcome> = {
  name: 'security',
  title: 'No one let in',
  options: { 'security-peers': { about: '1: try the peers too', usual: 1, smoke: 0 } },
  run: async ({ folder, number, isSmoke, progress }) => {
    const arePeersTried = number('security-peers') > 0
    const tls = isInstalled('openssl') ? await tryTls(join(folder, 'tls')) : []
    const records = isSmoke
      ? await tryOnOneGround(attacks.filter(({ on }) => on === 'library'))
      : await tryEach(attacks, arePeersTried, progress)
    const advisories = isSmoke ? { found: [], notRun: [] } : await askForAdvisories()
    const all = [...records, ...tls]
    return {
      figures: [
        { name: 'attacks tried', value: String(all.length) },
        { name: 'held', value: String(all.filter(({ ours }) => ours.held).length) },
        { name: 'held by peers', value: heldByPeers(records) },
      ],
      failures: [...failuresOf(all), ...advisories.found],
      notRun: [...withoutOpenssl(), ...advisories.notRun],
      attacks: records,
      tls,
    }
  },
  render: ({ attacks: records, tls }) => renderAttacks(records, tls),
}

/** What is not tried without openssl, which makes the certificates. */
function withoutOpenssl(): readonly NotRun[] {
  if (isInstalled('openssl')) return []
  const remedy = installCommands(['openssl'])
    .map((command) => command.join(' '))
    .join(' && ')
  return [{ what: 'connections with certificates that are not valid', remedy }]
}

/** Each attack on a ground of its own, here and at the peer. */
async function tryEach(
  all: readonly Attack[],
  arePeersTried: boolean,
  progress: Setting['progress'],
): Promise<readonly AttackRecord[]> {
  const records: AttackRecord[] = []
  for (const [index, attack] of all.entries()) {
    const { tried, on, withoutPeer } = attack
    progress(index / all.length, tried)
    const { ours, peer, peerName } = grounds[on]
    const record = { tried, ours: await tryOn(ours, attack) }
    const lack = withoutPeer ?? lackOf(peer, arePeersTried)
    records.push(
      lack === undefined
        ? { ...record, peer: { name: peerName, verdict: await tryOn(peer, attack) } }
        : { ...record, withoutPeer: lack },
    )
  }
  return records
}

/** One after the other on the same ground, which saves the start of most. */
async function tryOnOneGround(all: readonly Attack[]): Promise<readonly AttackRecord[]> {
  const records: AttackRecord[] = []
  const ground = await layGround(grounds.library.ours)
  for (const attack of all) records.push({ tried: attack.tried, ours: await outcomeOn(ground, attack) })
  await ground.stop()
  return records
}

function lackOf({ broker }: GroundKind, arePeersTried: boolean): string | undefined {
  if (!arePeersTried) return 'not tried'
  return broker === 'mosquitto' && !isInstalled('mosquitto') ? 'it is not installed' : undefined
}

async function tryOn(kind: GroundKind, attack: Attack): Promise<Verdict> {
  const ground = await layGround(kind)
  const outcome = await outcomeOn(ground, attack)
  await ground.stop()
  return outcome
}

/** An attack that finds the victim dead has not been held. */
async function outcomeOn(ground: Ground, attack: Attack): Promise<Verdict> {
  try {
    return await attack.run(ground)
  } catch (error) {
    return { held: false, what: error instanceof Error ? error.message : String(error) }
  }
}

function heldByPeers(records: readonly AttackRecord[]): string {
  const tried = records.flatMap(({ peer }) => (peer === undefined ? [] : [peer.verdict]))
  return tried.length === 0 ? 'not tried' : `${tried.filter(({ held }) => held).length} of ${tried.length}`
}
