import { AntiphonError } from '@antiphon/core'
import { TestScheduler } from 'rxjs/testing'

/** A marble and its millisecond. */
export interface Frame {
  readonly frame: number
  readonly marble: string
}

/** The marbles of a diagram that neither completes nor fails; `what` says what a marble stands for. */
export function framesOf(marbles: string, what: string): readonly Frame[] {
  return perMillisecond(() => TestScheduler.parseMarbles(marbles, undefined, undefined, false, true)).map(
    ({ frame, notification }) => {
      if (notification.kind === 'N') return { frame, marble: String(notification.value) }
      const marble = notification.kind === 'C' ? '|' : '#'
      throw new AntiphonError(
        'invalid-argument',
        `'${marble}' in '${marbles}' stands for nothing: each marble is ${what}. Leave it out.`,
      )
    },
  )
}

/** The millisecond at which a diagram such as `'---|'` or `'2s |'` ends. */
export function frameOf(time: string): number {
  const ends = perMillisecond(() => TestScheduler.parseMarbles(time, undefined, undefined, false, true))
  const [end, ...others] = ends
  if (end?.notification.kind === 'C' && others.length === 0) return end.frame
  throw new AntiphonError(
    'invalid-argument',
    `'${time}' is no time: it must be a '|' with nothing but time before it, such as '---|' or '2s |'.`,
  )
}

/** Outside `run` a TestScheduler counts ten frames a character; here a diagram means the same everywhere. */
export function perMillisecond<R>(parse: () => R): R {
  const { frameTimeFactor } = TestScheduler
  TestScheduler.frameTimeFactor = 1
  try {
    return parse()
  } finally {
    TestScheduler.frameTimeFactor = frameTimeFactor
  }
}
