import { isInstalled } from '@antiphon/workshop'
import type { Outcome, Section, SectionContext } from '../frame/section.js'
import type { Attack, AttackOutcome } from './test-bed/attack.js'
import { forgery } from './attacks/forgery.js'
import { handshakes } from './attacks/handshakes.js'
import { hooks } from './attacks/hooks.js'
import { load } from './attacks/load.js'
import { memory } from './attacks/memory.js'
import { names } from './attacks/names.js'
import { packets } from './attacks/packets.js'
import { payloads } from './attacks/payloads.js'
import { reflection } from './attacks/reflection.js'
import { signatures } from './attacks/signatures.js'
import { staleness } from './attacks/staleness.js'
import { streams } from './attacks/streams.js'
import { auditDependencies } from './dependencies.js'
import { startTestBed, type TestBed, type TestBedKind } from './test-bed/test-bed.js'
import { failuresOf, testBeds, type AttackRecord } from './record.js'
import { renderAttacks } from './render.js'
import { tryTls, type TlsRecord } from './tls.js'

/** The outcome of the section. */
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
  ...signatures,
  ...names,
  ...packets,
  ...handshakes,
  ...hooks,
  ...load,
  ...memory,
]

/** Attacks Antiphon and its peers by hostile clients. */
export const security: Section<SecurityOutcome> = {
  name: 'security',
  title: 'Security: attacks by hostile clients',
  options: { 'security-peers': { about: '1: attack the peers too', usual: 1, smoke: 0 } },
  run: async ({ number, isSmoke, progress }) => {
    const arePeersAttacked = number('security-peers') > 0
    const tls = await tryTls()
    const records = isSmoke
      ? [...(await runInOneTestBed('library')), ...(await runInOneTestBed('signatures'))]
      : await runInSeparateTestBeds(attacks, arePeersAttacked, progress)
    const advisories = isSmoke ? { found: [], notRun: [] } : await auditDependencies()
    const all = [...records, ...tls]
    return {
      figures: [
        { name: 'attacks', value: String(all.length) },
        { name: 'withstood', value: String(all.filter(({ outcome }) => outcome.isWithstood).length) },
        { name: 'withstood by peers', value: withstoodByPeers(records) },
      ],
      failures: [...failuresOf(all), ...advisories.found],
      notRun: advisories.notRun,
      attacks: records,
      tls,
    }
  },
  render: ({ attacks: records, tls }) => renderAttacks(records, tls),
}

/** Runs each attack in its own test bed, against Antiphon and against the peer. */
async function runInSeparateTestBeds(
  attacksToRun: readonly Attack[],
  arePeersAttacked: boolean,
  progress: SectionContext['progress'],
): Promise<readonly AttackRecord[]> {
  const records: AttackRecord[] = []
  for (const [index, attack] of attacksToRun.entries()) {
    const { name, layer, noPeerReason } = attack
    progress(index / attacksToRun.length, name)
    const { antiphon, peer, peerName } = testBeds[layer]
    const record = { name, outcome: await runIn(antiphon, attack) }
    const reason = noPeerReason ?? noPeerReasonOf(peer, arePeersAttacked)
    records.push(
      reason === undefined
        ? { ...record, peer: { name: peerName, outcome: await runIn(peer, attack) } }
        : { ...record, noPeerReason: reason },
    )
  }
  return records
}

/** Runs all attacks on a layer in one test bed, which saves starting a process for each. */
async function runInOneTestBed(attackedLayer: Attack['layer']): Promise<readonly AttackRecord[]> {
  const records: AttackRecord[] = []
  const testBed = await startTestBed(testBeds[attackedLayer].antiphon)
  for (const attack of attacks.filter(({ layer }) => layer === attackedLayer))
    records.push({ name: attack.name, outcome: await outcomeIn(testBed, attack) })
  await testBed.stop()
  return records
}

function noPeerReasonOf({ broker }: TestBedKind, arePeersAttacked: boolean): string | undefined {
  if (!arePeersAttacked) return 'not run'
  return broker === 'mosquitto' && !isInstalled('mosquitto') ? 'not installed' : undefined
}

async function runIn(kind: TestBedKind, attack: Attack): Promise<AttackOutcome> {
  const testBed = await startTestBed(kind)
  const outcome = await outcomeIn(testBed, attack)
  await testBed.stop()
  return outcome
}

/** Runs an attack; if it throws, for example because the target exited, the attack succeeded. */
async function outcomeIn(testBed: TestBed, attack: Attack): Promise<AttackOutcome> {
  try {
    return await attack.run(testBed)
  } catch (error) {
    return { isWithstood: false, detail: error instanceof Error ? error.message : String(error) }
  }
}

function withstoodByPeers(records: readonly AttackRecord[]): string {
  const outcomes = records.flatMap(({ peer }) => (peer === undefined ? [] : [peer.outcome]))
  return outcomes.length === 0
    ? 'not run'
    : `${outcomes.filter(({ isWithstood }) => isWithstood).length} of ${outcomes.length}`
}
