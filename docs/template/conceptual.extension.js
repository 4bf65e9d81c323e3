// docfx renders "\|" inside a table's code as it stands; in GitHub's Markdown, which the manuals are written in, it is a bar.
exports.preTransform = function (model) {
  if (model.conceptual) {
    model.conceptual = model.conceptual.replace(/<t[dh][\s\S]*?<\/t[dh]>/g, function (cell) { return cell.replace(/\\\|/g, '|'); });
  }
  return model;
};
exports.postTransform = function (model) { return model; };
