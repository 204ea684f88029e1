
// Wakes up when something waits for the person, and says only that: a push has no content. Nothing is kept: every page comes from the server.
const language = new URL(self.location).searchParams.get("lang");
const says = WAITS[language] ?? WAITS.en;

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => {
  const how = { body: says, tag: "waits", renotify: true, icon: "/assets/icon-192.png", badge: "/assets/icon-192.png", lang: language ?? "en" };
  event.waitUntil(self.registration.showNotification("Rempart", how));
});
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open());
});

async function open() {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const [first] = windows;
  if (!first) return self.clients.openWindow("/");
  await first.focus();
  return first.navigate("/").catch(() => self.clients.openWindow("/"));
}
