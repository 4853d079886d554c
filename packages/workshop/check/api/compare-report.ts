import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor'
import { join } from 'node:path'
import type { Entry, Package } from '../workspace.js'

/** Options of an API report. */
export interface ReportOptions {
  /** The folder of the committed reports. */
  readonly reports: string
  /** The folder of the new reports. */
  readonly drafts: string
  readonly tsconfig: string
  /** Whether the new reports replace the committed ones. */
  readonly isWriting: boolean
}

/** The result of comparing a report. */
export interface ComparedReport {
  readonly isChanged: boolean
  readonly warnings: readonly string[]
}

const none = { logLevel: ExtractorLogLevel.None }

/** Writes the report of one entry and compares it with the committed report. */
export function compareReport(item: Package, entry: Entry, options: ReportOptions): ComparedReport {
  const warnings: string[] = []
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: item.folder,
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
    packageJsonFullPath: join(item.folder, 'package.json'),
  })
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild: options.isWriting,
    messageCallback: (message) => {
      message.handled = true
      if (message.logLevel !== ExtractorLogLevel.Error) return
      warnings.push(`${entry.specifier}: ${message.formatMessageWithLocation(item.folder)}`)
    },
  })
  return { isChanged: apiReportChanged, warnings }
}
