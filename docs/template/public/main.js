export default {
  // A block that names no language is shown as it stands: guessing one colours commands at random.
  configureHljs: hljs => hljs.configure({ languages: [] }),
};
