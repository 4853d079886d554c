import { isInstalled } from '@antiphon/workshop'
import type { NotRun } from '../../frame/section.js'
import { hasFault, type Plan } from '../plan.js'
import { clockLibrary } from './clock.js'
import { canLimitDescriptors } from './descriptors.js'
import { mayMount } from './disk.js'

interface Ability {
  readonly isThere: boolean
  readonly isNeeded: (plan: Plan) => boolean
  readonly notRun: NotRun
}

const abilities: readonly Ability[] = [
  {
    isThere: mayMount(),
    isNeeded: (plan) => hasFault(plan, 'disk full'),
    notRun: { what: 'runs with a full disk', remedy: 'as root on Linux, which may mount a small disk' },
  },
  {
    isThere: canLimitDescriptors(),
    isNeeded: (plan) => hasFault(plan, 'files exhausted'),
    notRun: { what: 'runs without file descriptors', remedy: 'prlimit, on Linux' },
  },
  {
    isThere: clockLibrary !== undefined,
    isNeeded: (plan) => hasFault(plan, 'clock set'),
    notRun: { what: 'runs with a clock that is set', remedy: 'apt-get install -y faketime' },
  },
  {
    isThere: isInstalled('mosquitto'),
    isNeeded: ({ broker }) => broker === 'mosquitto',
    notRun: { what: 'runs over Mosquitto', remedy: 'apt-get install -y mosquitto' },
  },
]

/** What a run would need and this machine lacks. */
export function lacking(plan: Plan): readonly NotRun[] {
  return abilities.filter(({ isThere, isNeeded }) => !isThere && isNeeded(plan)).map(({ notRun }) => notRun)
}
