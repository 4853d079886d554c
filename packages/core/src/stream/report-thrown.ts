import { throwError, UnsubscriptionError } from 'rxjs'

/** Runs a teardown. What it throws is reported as RxJS reports unhandled errors. */
export function reportThrown(teardown: () => void): void {
  try {
    teardown()
  } catch (error) {
    const errors: readonly unknown[] = error instanceof UnsubscriptionError ? error.errors : [error]
    for (const each of errors) throwError(() => each).subscribe()
  }
}
