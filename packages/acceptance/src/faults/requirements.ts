import { isInstalled } from '@antiphon/workshop'
import type { NotRun } from '../frame/section.js'
import { hasFault, type Plan } from './run/plan.js'
import { clockLibrary } from './machine/clock.js'
import { canLimitDescriptors } from './machine/descriptors.js'
import { canMount } from './machine/disk.js'

interface Requirement {
  readonly isMet: boolean
  readonly isRequired: (plan: Plan) => boolean
  readonly notRun: NotRun
}

const requirements: readonly Requirement[] = [
  {
    isMet: canMount(),
    isRequired: (plan) => hasFault(plan, 'disk full'),
    notRun: { what: 'runs with a full disk', remedy: 'run it as root on Linux, to mount a small disk' },
  },
  {
    isMet: canLimitDescriptors(),
    isRequired: (plan) => hasFault(plan, 'files exhausted'),
    notRun: { what: 'runs without file descriptors', remedy: 'run it on Linux, with prlimit' },
  },
  {
    isMet: clockLibrary !== undefined,
    isRequired: (plan) => hasFault(plan, 'clock set'),
    notRun: { what: 'runs that set a clock', remedy: 'apt-get install -y faketime' },
  },
  {
    isMet: isInstalled('mosquitto'),
    isRequired: ({ broker }) => broker === 'mosquitto',
    notRun: { what: 'runs over Mosquitto', remedy: 'apt-get install -y mosquitto' },
  },
]

/** Returns what the plan requires and this machine does not have. */
export function unmetRequirements(plan: Plan): readonly NotRun[] {
  return requirements
    .filter(({ isMet, isRequired }) => !isMet && isRequired(plan))
    .map(({ notRun }) => notRun)
}
