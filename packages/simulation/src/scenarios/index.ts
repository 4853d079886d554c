import type { Scenario } from './scenario.js'

const usual = { disturbance: { start: 10, end: 20 }, duration: 40 } as const
const milliseconds = ({ start, end }: Scenario['disturbance']): number => (end - start) * 1_000

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
    name: 'brown-out',
    title: 'For a minute, a job takes ten times as long.',
    disturbance: { start: 10, end: 70 },
    duration: 110,
    start: (fleet) => (fleet.slowness = 10),
    end: (fleet) => (fleet.slowness = 1),
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
    title: 'Each worker finishes its jobs and is replaced, one every three seconds.',
    disturbance: { start: 10, end: 45 },
    duration: 65,
    start: (fleet) => fleet.deploy(3_000),
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
