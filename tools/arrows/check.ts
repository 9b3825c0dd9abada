import type { Edge, SourceModule } from './modules.js';
import type { PackageRule, Rules, Zone } from './rules.js';

export type ArrowReport = {
  readonly modules: number;
  readonly edges: number;
  /** One sentence each, with the place. Empty means that every arrow points where it may. */
  readonly problems: readonly string[];
};

/**
 * Judges every import against the rules and counts what it saw: too few modules, or a zone without any, is a problem
 * of its own, because a check that looked at nothing would otherwise pass.
 */
export function checkArrows(modules: readonly SourceModule[], rules: Rules): ArrowReport {
  const edges = modules.flatMap((module) => module.edges);
  return {
    modules: modules.length,
    edges: edges.length,
    problems: [
      ...countProblems(modules, rules),
      ...edges.flatMap((edge) => edgeProblems(edge, rules)),
      ...wrapperProblems(edges, rules),
      ...modules
        .filter((module) => module.barrel && !rules.barrels.includes(module.path))
        .map((module) => `${module.path}: only hands on the exports of others; import from the files themselves`),
      ...cycles(modules).map((path) => `cycle: ${path.join(' -> ')}`),
    ],
  };
}

function countProblems(modules: readonly SourceModule[], rules: Rules): readonly string[] {
  const problems: string[] = [];
  if (modules.length < rules.modulesAtLeast) {
    problems.push(`saw ${modules.length} modules, expected at least ${rules.modulesAtLeast}: nothing is proved`);
  }
  for (const zone of rules.zones) {
    if (zone.optional === true || modules.some((module) => isInside(module.path, zone.folder))) continue;
    problems.push(`${zone.folder}: no module there, so its rule was never tried`);
  }
  for (const { path } of modules) {
    if (zoneOf(path, rules) === undefined) problems.push(`${path}: no rule covers this folder`);
  }
  return problems;
}

function edgeProblems(edge: Edge, rules: Rules): readonly string[] {
  const place = `${edge.from}:${edge.line}`;
  const zone = zoneOf(edge.from, rules);
  if (zone === undefined) return [];
  switch (edge.kind) {
    case 'missing':
      return [`${place} imports ${edge.to}, which does not exist`];
    case 'module':
      return mayReach(zone, edge) ? [] : [`${place} imports ${edge.to}: ${zone.folder} may not know it`];
    case 'package':
    case 'builtin':
      return mayUse(zone.packages, edge.to) ? [] : [`${place} imports the package ${edge.to}, not for ${zone.folder}`];
  }
}

function mayReach(zone: Zone, edge: Edge): boolean {
  if (isInside(edge.to, zone.folder)) return zone.siblings === undefined || knowsSibling(zone, edge);
  const allowed = edge.typeOnly ? [...zone.may, ...(zone.mayAsType ?? [])] : zone.may;
  return allowed.some((target) => isInside(edge.to, target));
}

/** Below a zone of strangers a file sees its own folder and the files at the top, except the roots, which see all. */
function knowsSibling(zone: Zone, edge: Edge): boolean {
  if (zone.roots?.includes(edge.from) === true) return true;
  if (zone.roots?.includes(edge.to) === true) return false;
  const folderOf = (path: string): string | undefined => {
    const rest = path.slice(zone.folder.length + 1).split('/');
    return rest.length > 1 ? rest[0] : undefined;
  };
  const target = folderOf(edge.to);
  return target === undefined || target === folderOf(edge.from);
}

function mayUse(rule: PackageRule, name: string): boolean {
  if ('only' in rule) return matches(rule.only, name);
  if ('anyBut' in rule) return !matches(rule.anyBut, name);
  return matches(rule.wrapped, name);
}

function wrapperProblems(edges: readonly Edge[], rules: Rules): readonly string[] {
  return rules.zones.flatMap(({ folder, packages }) => {
    if (!('wrapped' in packages)) return [];
    return packages.wrapped.flatMap((name) => {
      const users = [
        ...new Set(edges.filter((edge) => edge.to === name && isInside(edge.from, folder)).map((e) => e.from)),
      ];
      return users.length > 1
        ? [`${name} has one wrapper in ${folder}, but is imported by ${users.join(' and ')}`]
        : [];
    });
  });
}

/** One path for each group of modules that import each other, type imports included. */
function cycles(modules: readonly SourceModule[]): readonly (readonly string[])[] {
  const next = new Map(
    modules.map(({ path, edges }) => [path, edges.filter((edge) => edge.kind === 'module').map((edge) => edge.to)]),
  );
  const found: (readonly string[])[] = [];
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(path);
    if (seenAt >= 0) found.push([...trail.slice(seenAt), path]);
    if (seenAt >= 0 || done.has(path)) return;
    for (const target of next.get(path) ?? []) walk(target, [...trail, path]);
    done.add(path);
  };
  for (const { path } of modules) walk(path, []);
  return found;
}

function zoneOf(path: string, rules: Rules): Zone | undefined {
  return rules.zones.find((zone) => isInside(path, zone.folder));
}

function isInside(path: string, folderOrFile: string): boolean {
  return path === folderOrFile || path.startsWith(`${folderOrFile}/`);
}

function matches(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => (pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name));
}
