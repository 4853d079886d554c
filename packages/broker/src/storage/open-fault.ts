import { AntiphonError } from '@antiphon/core'

/** Returns the error of a storage in a directory that cannot be opened or read: why, and what to do about it. */
export function openFault(directory: string, error: unknown): AntiphonError {
  const cause = causeOf(error)
  const { code = '', message } = cause
  return new AntiphonError(
    'invalid-argument',
    `cannot open the storage in ${directory}: ${reasonOf(code, message)}`,
    {
      cause: error,
    },
  )
}

function reasonOf(code: string, message: string): string {
  if (code === 'LEVEL_LOCKED')
    return 'it is locked by another process; stop that process, or use another directory'
  if (
    code === 'EACCES' ||
    code === 'EPERM' ||
    code === 'EROFS' ||
    /permission denied|read-only/i.test(message)
  )
    return `access is not permitted (${message}); give this user read and write access to the directory`
  if (code === 'LEVEL_CORRUPTION' || (code === 'LEVEL_IO_ERROR' && /no such file/i.test(message)))
    return `it is corrupt (${message}); restore a backup, or move the directory away to start without stored state`
  if (code === 'EEXIST' || code === 'ENOTDIR') return `it is not a directory (${message})`
  return message
}

/** LevelDB's error is the cause of one that only says that opening has failed. */
function causeOf(error: unknown): { readonly code?: string; readonly message: string } {
  if (!(error instanceof Error)) return { message: String(error) }
  return error.cause instanceof Error ? error.cause : error
}
