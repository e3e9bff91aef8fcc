/** One page of what the benches wrote as JSON: a section for each kind, its curves drawn as SVG inside the page. */
package dev.tactus.bench.report;
