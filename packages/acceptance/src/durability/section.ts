import { join } from 'node:path'
import type { NotRun, Outcome, Section } from '../frame/section.js'
import { testedBrokers } from '../measures/tested-brokers.js'
import { bundleProcesses } from '../process/bundle.js'
import { failuresOf, judge, type Verdict } from './judge.js'
import { renderDurability } from './render.js'
import { runCase, type KillCase } from './run-case.js'

/** The verdict on one case over one broker. */
export interface DurabilityRun {
  readonly broker: string
  readonly name: string
  readonly verdict: Verdict
}

/** The outcome of the section. */
export interface DurabilityOutcome extends Outcome {
  readonly kills: number
  readonly runs: readonly DurabilityRun[]
}

const bothKilled: KillCase = { name: 'requester and responder', killed: ['requester', 'responder'] }
const cases: readonly KillCase[] = [
  { name: 'requester', killed: ['requester'] },
  { name: 'responder', killed: ['responder'] },
  bothKilled,
]

const processes = ['requester', 'responder'].map((name) => new URL(`./processes/${name}.ts`, import.meta.url))

/** Kills requesters and responders of durable requests under load. */
export const durability: Section<DurabilityOutcome> = {
  name: 'durability',
  title: 'Durability: requests and responses that survive SIGKILL',
  options: {
    'durability-kills': { about: 'how often each process is killed', usual: 10, smoke: 1 },
    'durability-brokers': {
      about: 'number of brokers: embedded, Mosquitto, RabbitMQ, ejabberd',
      usual: testedBrokers.length,
      smoke: 1,
    },
  },
  run: async ({ seed, isSmoke, folder, number, progress }) => {
    const kills = number('durability-kills')
    const brokers = testedBrokers.slice(0, number('durability-brokers'))
    const selected = isSmoke ? [bothKilled] : cases
    await bundleProcesses('durability', processes)
    const notRun: NotRun[] = []
    const runs: DurabilityRun[] = []
    for (const [brokerIndex, broker] of brokers.entries()) {
      const missing = broker.requirement('durable requests')
      if (missing !== undefined) {
        notRun.push(missing)
        continue
      }
      const share = (done: number): number => (brokerIndex + done / selected.length) / brokers.length
      const { url, stop } = await broker.start((text) => progress(share(0), `${broker.name}: ${text}`))
      try {
        for (const [index, killCase] of selected.entries()) {
          progress(share(index), `${broker.name}: kills ${killCase.name}`)
          const setting = { url, kills, seed, folder: join(folder, `${broker.name}-${index}`) }
          const verdict = judge(await runCase(killCase, setting))
          runs.push({ broker: broker.name, name: killCase.name, verdict })
        }
      } finally {
        await stop()
      }
    }
    const sum = (count: (verdict: Verdict) => number): string =>
      runs.reduce((total, { verdict }) => total + count(verdict), 0).toLocaleString('en')
    return {
      figures: [
        { name: 'durable requests', value: sum(({ requests }) => requests) },
        { name: 'lost', value: sum(({ lost }) => lost.length) },
        { name: 'handled twice', value: sum(({ twice }) => twice.length) },
      ],
      failures: runs.flatMap(({ broker, name, verdict }) =>
        failuresOf(`${name} killed, on ${broker}`, verdict),
      ),
      notRun,
      kills,
      runs,
    }
  },
  render: renderDurability,
}
