import { AntiphonError } from '@antiphon/core'

/** Returns the error of a store that cannot be opened: `where` names the store. */
export function openFault(where: string, error: unknown): AntiphonError {
  if (error instanceof AntiphonError) return error as AntiphonError
  const cause = causeOf(error)
  return new AntiphonError('invalid-argument', `cannot open the store ${where}: ${openReason(cause)}`, {
    cause: error,
    phase: 'before-network',
  })
}

/** Returns the error of a change that cannot be written. `object` is what was to be written, such as `the request a1`. */
export function writeFault(object: string, error: unknown): AntiphonError {
  const { name, code = '', message } = causeOf(error)
  const isFull =
    name === 'QuotaExceededError' || code === 'ENOSPC' || /no space left|quota exceeded/i.test(message)
  const advice = isFull ? '; free some space in the store and try again' : ''
  const text = `cannot write ${object} to the store: ${message}${advice}`
  return new AntiphonError(isFull ? 'overflow' : 'unknown', text, { cause: error, phase: 'before-network' })
}

/** The parts of an error that tell its reason. */
interface Cause {
  readonly name?: string
  readonly code?: string
  readonly message: string
}

function openReason({ code = '', message }: Cause): string {
  if (code === 'LEVEL_LOCKED')
    return 'another process has it open; stop that process, or give each process a store of its own'
  if (['EACCES', 'EPERM', 'EROFS'].includes(code) || /permission denied|read-only/i.test(message))
    return `access is not permitted (${message}); give this user read and write access`
  if (code === 'LEVEL_CORRUPTION' || (code === 'LEVEL_IO_ERROR' && /no such file/i.test(message)))
    return `it is corrupt (${message}); restore a backup, or move it away to start without stored requests`
  if (code === 'EEXIST' || code === 'ENOTDIR') return `it is not a directory (${message})`
  return message
}

/** LevelDB's error is the cause of one that only says that opening has failed. */
function causeOf(error: unknown): Cause {
  if (!(error instanceof Error)) return { message: String(error) }
  return error.cause instanceof Error ? error.cause : error
}
