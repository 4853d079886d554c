import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'
import { join } from 'node:path'
import type { Entry, Package } from '../workspace.js'

/** How reports are made. */
export interface ReportOptions {
  /** Where the reports of record lie. */
  readonly reports: string
  /** Where today's are written. */
  readonly drafts: string
  readonly tsconfig: string
  /** Today's become those of record. */
  readonly isWriting: boolean
}

/** What became of one report. */
export interface Report {
  readonly isChanged: boolean
  readonly complaints: readonly string[]
}

const none = { logLevel: ExtractorLogLevel.None }

/** Writes the report of one entry and compares it with the one of record. */
export function reportOn(each: Package, entry: Entry, options: ReportOptions): Report {
  const complaints: string[] = []
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: each.folder,
      mainEntryPointFilePath: entry.types,
      newlineKind: 'lf',
      compiler: { tsconfigFilePath: options.tsconfig },
      apiReport: {
        enabled: true,
        reportFileName: entry.fileName,
        reportFolder: options.reports,
        reportTempFolder: options.drafts,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.Error } },
        tsdocMessageReporting: { default: none },
        extractorMessageReporting: {
          default: { logLevel: ExtractorLogLevel.Error, addToApiReportFile: false },
          'ae-missing-release-tag': none,
          'ae-undocumented': none,
          'ae-unresolved-link': none,
        },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(each.folder, 'package.json'),
  })
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild: options.isWriting,
    messageCallback: (message) => {
      message.handled = true
      if (message.logLevel !== ExtractorLogLevel.Error) return
      complaints.push(`${entry.specifier}: ${message.formatMessageWithLocation(each.folder)}`)
    },
  })
  return { isChanged: apiReportChanged, complaints }
}
