import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { ExportLine } from '../core/ledger/export.js';
import { verifyExport, type ExportVerification, type ProofPorts } from '../engine/verify-export.js';
import { wrongUsage } from './failure.js';
import { fileFailure } from './file-failure.js';

/** Verifies an exported ledger without any server. */
export async function verifyFile(
  file: string,
  ports: ProofPorts,
  publicKey: string | null,
): Promise<ExportVerification> {
  const { exportLineSchema } = await import('../contract/api/ledger-export.js');
  async function* lines(): AsyncGenerator<ExportLine> {
    let number = 0;
    for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
      number += 1;
      const parsed = exportLineSchema.safeParse(jsonIn(text));
      if (!parsed.success || parsed.data.line === 'problem')
        throw wrongUsage(`Line ${number} of ${file} is not a line of an exported ledger.`);
      yield parsed.data as ExportLine;
    }
  }
  try {
    const verified = await verifyExport(ports, lines(), publicKey);
    if (verified !== null) return verified;
  } catch (error) {
    throw fileFailure(error, file);
  }
  throw wrongUsage(`${file} is not an exported ledger.`, 'parley ledger export FILE writes one.');
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
