/// The script of a page, without which all of it is there to read: it shows values under the
/// pointer, and exchanges steps for tokens, minutes or operations.
///
/// It takes figures out of the drawing and texts out of attributes, and writes texts only as text.
enum PageScript {
    static let text: StaticString = """
        (function () {
        'use strict';
        var NS = 'http://www.w3.org/2000/svg';
        var data = document.getElementById('axes');
        var runs = data ? JSON.parse(data.textContent).runs : [];
        function numbers(text) { return text.split(' ').map(Number); }
        function short(v) {
          if (v === 0) return '0';
          var a = Math.abs(v);
          if (a >= 1e4) {
            var units = ['', 'k', 'M', 'G', 'T', 'P', 'E', 'Z'], i = 0;
            while (a >= 999.5 && i < 7) { a /= 1000; i++; }
            return (v < 0 ? '\\u2212' : '') + String(+a.toPrecision(4)) + '\\u202f' + units[i];
          }
          return String(+v.toPrecision(4));
        }
        function domain(text) {
          var parts = text.split(' ');
          var low = +parts[0], high = +parts[1];
          if (parts[2] === 'log') {
            return { at: function (s) { return low * Math.pow(high / low, s); } };
          }
          return { at: function (s) { return low + s * (high - low); } };
        }
        // A value along steps, between those that are known.
        function along(xs, ys, x) {
          var a = 0, b = xs.length - 1;
          if (b < 0) return x;
          if (x <= xs[0]) return ys[0] * x / (xs[0] || 1);
          if (x >= xs[b]) return ys[b];
          while (b - a > 1) {
            var m = (a + b) >> 1;
            if (xs[m] <= x) a = m; else b = m;
          }
          return ys[a] + (ys[b] - ys[a]) * (x - xs[a]) / (xs[b] - xs[a]);
        }
        var axes = {
          steps: { name: 'step', of: function (r, s) { return s; } },
          tokens: { name: 'tokens', of: function (r, s) { return along(r.s, r.k, s); } },
          minutes: {
            name: 'minutes of training',
            of: function (r, s) { return along(r.s, r.t, s) / 60; }
          },
          operations: {
            name: 'operations',
            of: function (r, s) { return along(r.s, r.k, s) * r.f; }
          }
        };
        function step(span) {
          var p = Math.pow(10, Math.floor(Math.log10(span)));
          return [1, 2, 5, 10].map(function (m) { return m * p; }).find(function (v) {
            return v >= span * 0.999999;
          });
        }
        function Plot(svg) {
          var place = numbers(svg.dataset.place);
          this.svg = svg;
          this.left = place[0]; this.top = place[1];
          this.right = place[2]; this.bottom = place[3];
          this.x = domain(svg.dataset.x);
          this.y = domain(svg.dataset.y);
          this.xName = svg.dataset.xname;
          this.alongSteps = svg.dataset.steps === '1';
          var self = this;
          this.lines = Array.from(svg.querySelectorAll('polyline')).map(function (line) {
            return {
              node: line, name: line.dataset.name, run: +line.dataset.run,
              points: line.getAttribute('points').split(' ').map(function (p) {
                return p.split(',').map(Number);
              })
            };
          });
          this.marks = Array.from(svg.querySelectorAll('circle')).map(function (c) {
            return { node: c, x: +c.getAttribute('cx'), run: +c.dataset.run };
          });
          this.lines.forEach(function (l) {
            l.shown = l.points;
            l.steps = l.points.map(function (p) { return self.value(self.x, p[0]); });
          });
          this.marks.forEach(function (m) { m.step = self.value(self.x, m.x); });
          this.hover();
        }
        Plot.prototype.value = function (axis, place) {
          return axis.at((place - this.left) / (this.right - this.left));
        };
        Plot.prototype.height = function (place) {
          return this.y.at((this.bottom - place) / (this.bottom - this.top));
        };
        Plot.prototype.exchange = function (axis) {
          if (!this.alongSteps) return;
          var self = this, high = 0;
          this.lines.concat(this.marks).forEach(function (l) {
            var last = l.steps ? l.steps[l.steps.length - 1] : l.step;
            high = Math.max(high, axis.of(runs[l.run], last));
          });
          if (!(high > 0)) return;
          var by = step(high / 5), count = Math.ceil(high / by - 1e-9), end = by * count;
          function across(l, s) {
            var v = axis.of(runs[l.run], s);
            return Math.round((self.left + v / end * (self.right - self.left)) * 10) / 10;
          }
          this.lines.forEach(function (l) {
            l.shown = l.points.map(function (p, i) { return [across(l, l.steps[i]), p[1]]; });
            l.node.setAttribute('points', l.shown.map(function (p) {
              return p.join(',');
            }).join(' '));
          });
          this.marks.forEach(function (m) { m.node.setAttribute('cx', across(m, m.step)); });
          this.svg.querySelectorAll('.bar,.skip').forEach(function (n) {
            n.style.display = axis === axes.steps ? '' : 'none';
          });
          var ticks = this.svg.querySelector('.xt');
          ticks.textContent = '';
          for (var i = 0; i <= count; i++) {
            var text = document.createElementNS(NS, 'text');
            text.setAttribute('class', 'm');
            text.setAttribute('x', self.left + i / count * (self.right - self.left));
            text.setAttribute('y', self.bottom + 18);
            text.textContent = short(i * by);
            ticks.appendChild(text);
          }
          this.svg.querySelector('.xl').textContent = axis.name;
          this.xName = axis.name;
          this.x = domain('0 ' + end);
        };
        Plot.prototype.hover = function () {
          var self = this, figure = this.svg.closest('figure');
          var rule = document.createElementNS(NS, 'path');
          rule.setAttribute('class', 'axis');
          rule.style.display = 'none';
          rule.style.pointerEvents = 'none';
          this.svg.appendChild(rule);
          var tip = document.createElement('div');
          tip.className = 'tip';
          tip.hidden = true;
          figure.appendChild(tip);
          this.svg.addEventListener('pointermove', function (e) {
            var box = self.svg.getBoundingClientRect();
            var x = (e.clientX - box.left) * 640 / box.width;
            if (x < self.left - 4 || x > self.right + 4) return hide();
            var best = null;
            self.lines.forEach(function (l) {
              l.shown.forEach(function (p) {
                if (best === null || Math.abs(p[0] - x) < Math.abs(best - x)) best = p[0];
              });
            });
            if (best === null) return hide();
            var rows = [self.xName + ' ' + short(self.value(self.x, best))];
            self.lines.forEach(function (l) {
              var near = l.shown.reduce(function (a, p) {
                return Math.abs(p[0] - best) < Math.abs(a[0] - best) ? p : a;
              });
              if (Math.abs(near[0] - best) < 30) {
                rows.push(l.name + ': ' + short(self.height(near[1])));
              }
            });
            rule.setAttribute('d', 'M' + best + ' ' + self.top + 'V' + self.bottom);
            rule.style.display = '';
            tip.textContent = rows.join('\\n');
            tip.hidden = false;
            var outer = figure.getBoundingClientRect();
            var at = e.clientX - outer.left + 14;
            if (at + tip.offsetWidth > outer.width) at -= tip.offsetWidth + 28;
            tip.style.left = Math.max(4, at) + 'px';
            tip.style.top = (e.clientY - outer.top + 14) + 'px';
          });
          function hide() { tip.hidden = true; rule.style.display = 'none'; }
          this.svg.addEventListener('pointerleave', hide);
        };
        var plots = Array.from(document.querySelectorAll('svg.plot')).map(function (s) {
          return new Plot(s);
        });
        document.querySelectorAll('fieldset').forEach(function (set) {
          set.hidden = false;
          set.addEventListener('change', function (e) {
            plots.forEach(function (p) { p.exchange(axes[e.target.value]); });
          });
        });
        document.querySelectorAll('svg.heat').forEach(function (svg) {
          var size = svg.viewBox.baseVal.width, all = svg.closest('.attention');
          var words = Array.from(all.querySelectorAll('.word')).map(function (w) {
            return w.textContent;
          });
          var weights = svg.dataset.w.split(' ').map(Number);
          var out = all.querySelector('output');
          svg.addEventListener('pointermove', function (e) {
            var box = svg.getBoundingClientRect();
            var c = Math.floor((e.clientX - box.left) / box.width * size);
            var r = Math.floor((e.clientY - box.top) / box.height * size);
            if (r < 0 || c < 0 || r >= size || c > r) { out.textContent = ''; return; }
            out.textContent = '\\u201c' + words[r] + '\\u201d looks at \\u201c' + words[c]
              + '\\u201d: ' + weights[r * (r + 1) / 2 + c] + '\\u202f%';
          });
        });
        }());

        """
}
