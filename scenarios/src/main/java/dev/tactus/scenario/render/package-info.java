/** How an episode sounds and looks: noise, rooms, filters and moving shapes. */
package dev.tactus.scenario.render;
