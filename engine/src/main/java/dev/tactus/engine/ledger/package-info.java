/** The account of every tick: one fixed row per session and tick, whose stages sum to the wall time. */
package dev.tactus.engine.ledger;
