import { usualFleet } from '../fleet/fleet-settings.js'
import type { Scenario } from './scenario.js'

const usual = { disturbance: { start: 10, end: 20 }, duration: 40 } as const
const milliseconds = ({ start, end }: Scenario['disturbance']): number => (end - start) * 1_000

const { request } = usualFleet

/** Accepts a fleet within twenty seconds, and holds as many connections as Mosquitto does in its listener's queue. */
const slowListener: Scenario['capacity'] = (devices) => ({
  connectionsPerSecond: Math.ceil(devices / 20),
  backlog: 100,
})

const failOver = {
  disturbance: { start: 10, end: 11 },
  duration: 60,
  capacity: slowListener,
  start: (_fleet, world) => world.stopBroker(1_000, 'keep'),
} satisfies Partial<Scenario>

const brownOut = {
  disturbance: { start: 10, end: 70 },
  duration: 110,
  start: (fleet) => (fleet.slowness = 10),
  end: (fleet) => (fleet.slowness = 1),
} satisfies Partial<Scenario>

const standstill = {
  disturbance: { start: 10, end: 40 },
  duration: 80,
  start: (fleet) => (fleet.slowness = 100),
  end: (fleet) => (fleet.slowness = 1),
} satisfies Partial<Scenario>

const overload = {
  disturbance: { start: 10, end: 70 },
  duration: 110,
  start: (fleet) => (fleet.slowness = 2),
  end: (fleet) => (fleet.slowness = 1),
} satisfies Partial<Scenario>

/** All scenarios, in the order of the report. */
export const scenarios: readonly Scenario[] = [
  {
    ...usual,
    name: 'broker-restart',
    title: 'The broker stops for ten seconds and keeps its sessions; every client reconnects.',
    start: (_fleet, world) => world.stopBroker(milliseconds(usual.disturbance), 'keep'),
  },
  {
    ...usual,
    name: 'broker-lost',
    title:
      'The broker stops for ten seconds and loses its sessions; every client reconnects and subscribes again.',
    start: (_fleet, world) => world.stopBroker(milliseconds(usual.disturbance), 'lose'),
  },
  {
    ...failOver,
    name: 'fail-over',
    title:
      'Every connection is lost for a second, and the broker accepts a twentieth of the fleet a second. The first attempts of the devices are spread over 25 seconds.',
    settings: { deviceLink: { reconnect: { spread: 25_000 } } },
  },
  {
    ...failOver,
    name: 'fail-over-unspread',
    title: 'The same, with the usual back-off alone.',
    comparedTo: 'fail-over',
  },
  {
    ...brownOut,
    name: 'brown-out',
    title: 'For a minute, a job takes ten times as long.',
  },
  {
    ...brownOut,
    name: 'brown-out-late',
    title:
      'The same, but requests that are too late are handled and sent again (`shedLate` and `skipLate` are off).',
    settings: { request: { ...request, skipLate: false }, serve: { ...usualFleet.serve, shedLate: false } },
    comparedTo: 'brown-out',
  },
  {
    ...standstill,
    name: 'standstill',
    title: 'For half a minute, a job takes a hundred times as long, so that hardly any is done in time.',
  },
  {
    ...standstill,
    name: 'standstill-unlimited',
    title: 'The same, but retries have no budget (`retry.budget.burst` is `Infinity`).',
    settings: { request: { ...request, retry: { count: 3, budget: { burst: Infinity } } } },
    comparedTo: 'standstill',
  },
  {
    ...overload,
    name: 'overload',
    title:
      'For a minute, a job needs twice the time of a processor that all jobs of a worker share. The concurrency adapts to a target of 500 ms.',
    settings: { cores: 4, serve: { concurrency: { target: 500 }, queue: 200 } },
  },
  {
    ...overload,
    name: 'overload-fixed',
    title: 'The same, with a concurrency of 256.',
    settings: { cores: 4, serve: { concurrency: 256, queue: 200 } },
    comparedTo: 'overload',
  },
  {
    ...usual,
    name: 'region-cut',
    title: 'A quarter of the clients has no network for ten seconds.',
    needsRegions: true,
    start: (_fleet, world) => world.cutRegion(1, milliseconds(usual.disturbance)),
  },
  {
    name: 'rolling-deploy',
    title: 'Each worker finishes its jobs and is replaced, one after the other within half a minute.',
    disturbance: { start: 10, end: 45 },
    duration: 65,
    start: (fleet) => fleet.deploy(30_000),
  },
  {
    ...usual,
    name: 'poison-request',
    title: 'One job ends the process of each worker that starts it.',
    disturbance: { start: 10, end: 10 },
    start: (fleet) => fleet.poison(),
  },
  {
    ...usual,
    name: 'hot-key',
    title: 'For ten seconds, a third of the jobs has the same key, and is done one at a time.',
    start: (fleet) => (fleet.hotShare = 1 / 3),
    end: (fleet) => (fleet.hotShare = 0),
  },
]
