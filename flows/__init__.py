"""The flows, by the names under which they are run and deployed."""
