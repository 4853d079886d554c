/** A command in a picture. */
export interface PicturedCommand {
  /** The command line, as a user types it. */
  readonly line: string
  /** A text after which the next command is started; without it, after the end of this one. */
  readonly until?: string
  /** Whether it is interrupted at the end of the picture. */
  readonly isInterrupted?: boolean
  /** A text that it has to show before that. */
  readonly shows?: string
}

/** A picture of the guide: commands in terminals of their own. */
export interface Picture {
  readonly name: string
  readonly commands: readonly PicturedCommand[]
}

const temperature = `antiphon serve home/temperature --template '{{payload}}: 22.5 °C'`
const responder: PicturedCommand = { line: temperature, until: 'serving', isInterrupted: true }

/** The pictures, by the names of their files. `examples/07-contract-first/contract.json` is `car.json` in them. */
export const pictures: readonly Picture[] = [
  {
    name: 'request',
    commands: [
      responder,
      { line: 'antiphon request home/temperature Vienna' },
      { line: 'antiphon request home/temperature Graz --json' },
      { line: 'antiphon request home/door' },
    ],
  },
  {
    name: 'verbose',
    commands: [responder, { line: 'antiphon request home/temperature Vienna --verbose --client-id shell' }],
  },
  {
    name: 'gather',
    commands: [
      { line: 'antiphon serve home/rooms --respond kitchen', until: 'serving', isInterrupted: true },
      { line: 'antiphon serve home/rooms --respond attic', until: 'serving', isInterrupted: true },
      { line: 'antiphon gather home/rooms --stall-timeout 300ms' },
    ],
  },
  {
    name: 'tap',
    commands: [
      responder,
      {
        line: `antiphon tap 'home/#' --timeout 200ms`,
        until: 'tapping',
        isInterrupted: true,
        shows: 'no response',
      },
      { line: 'antiphon request home/temperature Vienna' },
      { line: 'antiphon request home/door open --no-fail-fast --timeout 200ms' },
    ],
  },
  { name: 'bench', commands: [{ line: 'antiphon bench bench/echo --echo --duration 2s' }] },
  { name: 'check', commands: [{ line: 'antiphon check' }] },
  {
    name: 'mock',
    commands: [
      { line: 'antiphon mock car.json --seed 7', until: 'mocking', isInterrupted: true },
      { line: 'antiphon request positions --contract car.json --param vin=car7 --complete' },
    ],
  },
]
