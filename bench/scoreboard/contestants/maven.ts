import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Unavailable } from '../arena.js';
import { firstLine, peerFolder } from './npm-folder.js';

const exec = promisify(execFile);
const oldestJava = 17;

/** Fetches what a `pom.xml` names with Maven, once, and returns the class path. Needs `java` 17 or later, and `mvn`. */
export async function installFromMaven(name: string, pom: string): Promise<string> {
  await needJava();
  const folder = join(peerFolder, name);
  const wanted = await readFile(pom, 'utf8');
  if ((await readFile(join(folder, 'installed.xml'), 'utf8').catch(() => '')) !== wanted) {
    try {
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
      await cp(pom, join(folder, 'pom.xml'));
      const words = ['-q', '-B', '-ntp', 'dependency:copy-dependencies', '-DoutputDirectory=lib'];
      await exec('mvn', words, { cwd: folder });
      await writeFile(join(folder, 'installed.xml'), wanted);
    } catch (error) {
      throw new Unavailable(`Maven could not fetch it: ${firstLine(error)}`);
    }
  }
  return join(folder, 'lib', '*');
}

async function needJava(): Promise<void> {
  const said = await exec('java', ['-version']).catch(() => null);
  if (said === null) throw new Unavailable('there is no java on this machine');
  const version = Number(/version "(\d+)/.exec(said.stderr)?.[1] ?? 0);
  if (version < oldestJava) throw new Unavailable(`java ${version} is older than ${oldestJava}`);
}
