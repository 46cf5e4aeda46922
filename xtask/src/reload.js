// Reloads the page when the development server has built a new one. Only that server adds this script.
(async () => {
  const ask = async (known) => (await fetch(`/__dev/version?${known}`)).text();
  const pause = () => new Promise((resolve) => setTimeout(resolve, 1000));
  let shown = "";
  for (;;) {
    try {
      const version = await ask(shown);
      if (shown !== "" && version !== shown) location.reload();
      shown = version;
    } catch {
      await pause();
    }
  }
})();
