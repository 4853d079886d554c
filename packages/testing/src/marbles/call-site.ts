import type { TestScheduler } from 'rxjs/testing'

/** The name of the function that calls the body of a marble test; the frames outside it are left out. */
const bodyRunner = 'runMarbleBody'

/** The call sites of expectations of a `TestScheduler`, by the values that it compares. */
const callSites = new WeakMap<object, string>()

const tracedSchedulers = new WeakSet<TestScheduler>()

type Expectation = Readonly<Record<string, (...args: never[]) => void>>

/** Calls the body of a marble test. */
export function runMarbleBody<C>(body: (context: C) => unknown, context: C): unknown {
  return body(context)
}

/** Returns the stack frames that lead to `callee`, within the body of a marble test. */
export function callSite(callee: (...args: never[]) => unknown): string {
  const holder = new Error()
  // Not every browser has it, and the types of the language do not either.
  const { captureStackTrace } = Error as {
    readonly captureStackTrace?: (error: Error, callee: unknown) => void
  }
  captureStackTrace?.(holder, callee)
  const [, ...frames] = (holder.stack ?? '').split('\n')
  const end = frames.findIndex((frame) => frame.includes(bodyRunner))
  return frames.slice(0, end < 0 ? undefined : end).join('\n')
}

/** Lets an error that `check` throws begin its stack at a call site. */
export function checkAt(site: string | undefined, check: () => void): void {
  try {
    check()
  } catch (error) {
    if (error instanceof Error && site !== undefined && site !== '')
      error.stack = `${error.name}: ${error.message}\n${site}`
    throw error
  }
}

/** Lets an error of comparing these values begin its stack at the call of their expectation. */
export function checkValues(values: unknown, check: () => void): void {
  checkAt(typeof values === 'object' && values !== null ? callSites.get(values) : undefined, check)
}

/** Wraps the methods of an expectation such as `toBe`; `onCall` receives the call site of each call. */
export function withCallSite<E extends object>(expectation: E, onCall: (site: string) => void): E {
  const methods = Object.entries(expectation as Expectation).map(([name, method]) => {
    const called = (...args: never[]): void => {
      onCall(callSite(called))
      method(...args)
    }
    return [name, called] as const
  })
  return Object.fromEntries(methods) as E
}

/** Records the call sites of the expectations that a scheduler makes from now on. */
export function traceExpectations(scheduler: TestScheduler): void {
  if (tracedSchedulers.has(scheduler)) return
  tracedSchedulers.add(scheduler)
  const traced =
    <Args extends unknown[], E extends object>(expect: (...args: Args) => E) =>
    (...args: Args): E => {
      const expectation = expect.apply(scheduler, args)
      const values = lastValuesOf(scheduler)
      return withCallSite(expectation, (site) => {
        if (values !== undefined) callSites.set(values, site)
      })
    }
  Object.assign(scheduler, {
    expectObservable: traced(scheduler.expectObservable.bind(scheduler)),
    expectSubscriptions: traced(scheduler.expectSubscriptions.bind(scheduler)),
  })
}

/** Returns the values that the last expectation compares, which the scheduler does not make public. */
function lastValuesOf(scheduler: TestScheduler): object | undefined {
  const tests: unknown = Reflect.get(scheduler, 'flushTests')
  const last: unknown = Array.isArray(tests) ? tests.at(-1) : undefined
  const values: unknown = typeof last === 'object' && last !== null ? Reflect.get(last, 'actual') : undefined
  return typeof values === 'object' && values !== null ? values : undefined
}
