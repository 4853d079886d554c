import { AntiphonError } from '@antiphon/core'
import { TestScheduler } from 'rxjs/testing'

/** A marble with its time in milliseconds. */
export interface Frame {
  readonly frame: number
  readonly marble: string
}

/** Parses a diagram without `|` and `#`; `meaning` names what a marble is, for the error. */
export function framesOf(marbles: string, meaning: string): readonly Frame[] {
  return withMillisecondFrames(() =>
    TestScheduler.parseMarbles(marbles, undefined, undefined, false, true),
  ).map(({ frame, notification }) => {
    if (notification.kind === 'N') return { frame, marble: String(notification.value) }
    const marble = notification.kind === 'C' ? '|' : '#'
    throw new AntiphonError(
      'invalid-argument',
      `invalid marble '${marble}' in '${marbles}': each marble must be ${meaning}; remove it`,
    )
  })
}

/** Returns the time in milliseconds at which a diagram such as `'---|'` or `'2s |'` ends. */
export function frameOf(time: string): number {
  const ends = withMillisecondFrames(() =>
    TestScheduler.parseMarbles(time, undefined, undefined, false, true),
  )
  const [end, ...others] = ends
  if (end?.notification.kind === 'C' && others.length === 0) return end.frame
  throw new AntiphonError(
    'invalid-argument',
    `invalid time '${time}': it must be a '|' after '-' or a time, such as '---|' or '2s |'`,
  )
}

/** Parses with one frame per character. Outside `run` a `TestScheduler` counts ten, which would shift every time. */
export function withMillisecondFrames<R>(parse: () => R): R {
  const { frameTimeFactor } = TestScheduler
  TestScheduler.frameTimeFactor = 1
  try {
    return parse()
  } finally {
    TestScheduler.frameTimeFactor = frameTimeFactor
  }
}
