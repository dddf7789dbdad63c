import EmotionFormer
import EmotionFormerFiles

extension ClipPage {
    /// The fractions of a normal distribution in steps of half a standard deviation from 0.
    private static let normal = [0.1915, 0.1499, 0.0918, 0.0441, 0.0165, 0.0049, 0.0011, 0.0002, 0, 0, 0, 0]

    func statisticsSection(_ statistics: InputStatistics) -> String {
        let verdict =
            "<p class=\"verdict \(statistics.verdict.rawValue)\" role=\"status\">\(HTML.escaped(statistics.explanation))</p>\n"
        guard statistics.isNormalized else {
            return "<section><h2>Input</h2>\n\(verdict)</section>\n"
        }
        return "<section><h2>Input against the training data</h2>\n\(verdict)"
            + HTML.facts([
                ("Beyond 3 σ", HTML.percent(statistics.shareBeyond)),
                ("Mean", DecimalText.fixed(statistics.mean, 2) + " σ"),
                ("Spread", DecimalText.fixed(statistics.deviation, 2) + " σ"),
                ("Largest", DecimalText.fixed(max(abs(statistics.smallest), abs(statistics.largest)), 1) + " σ"),
            ])
            + "<div class=\"pair\">\n<div>\(histogram(statistics))</div>\n<div>\(worst(statistics))</div></div></section>\n"
    }

    private func histogram(_ statistics: InputStatistics) -> String {
        let normal = Self.normal.reversed() + Self.normal
        // Four steps of whole percentages.
        let top = max(((statistics.histogram.max() ?? 0) / 0.04).rounded(.up) * 0.04, 0.2)
        let frame = ChartFrame(
            height: 240, title: "(value − mean) / standard deviation", range: -6...6,
            ticks: [(-6, "≤ −6"), (-3, "−3"), (0, "0"), (3, "3"), (6, "≥ 6")], maximum: top,
            description: "Histogram of the normalized values")
        var drawing = ""
        for (bin, part) in statistics.histogram.enumerated() {
            let left = -6 + Double(bin) / 2
            drawing += "<rect class=\"bar\" x=\"\(HTML.coordinate(frame.x(left) + 0.5))\" "
            drawing +=
                "y=\"\(HTML.coordinate(frame.y(part)))\" width=\"\(HTML.coordinate(frame.x(left + 0.5) - frame.x(left) - 1))\" "
            drawing += "height=\"\(HTML.coordinate(frame.y(0) - frame.y(part)))\"/>\n"
        }
        let curve = normal.enumerated().map { frame.point(-5.75 + Double($0) / 2, $1) }
        drawing += "<polyline class=\"diagonal\" points=\"\(curve.joined(separator: " "))\"/>\n"
        return frame.svg(drawing)
            + "<p class=\"small\">Every value of every frame used; dashed, what normally distributed values would give.</p>"
    }

    private func worst(_ statistics: InputStatistics) -> String {
        let rows = statistics.worst.map { feature in
            "<tr><td class=\"text\">\(HTML.escaped(featureName(feature.feature)))</td>"
                + "<td>\(DecimalText.fixed(feature.distance, 2)) σ</td><td>\(HTML.percent(feature.shareBeyond))</td></tr>\n"
        }
        return
            "<table>\n<thead><tr><th class=\"text\">Farthest features</th><th>Mean distance</th><th>Beyond 3 σ</th></tr>"
            + "</thead>\n<tbody>\n\(rows.joined())</tbody></table>"
    }

    /// The names of a model's features for a clip: `landmark 61 (lips), y` if they are landmarks.
    static func featureName(_ model: EmotionModel, _ clip: LandmarkClip) -> @Sendable (Int) -> String {
        let landmarks: Int? =
            switch model.input.layout {
            case .x, .y, .z: model.input.features
            case .xyzInterleaved, .xyzPlanar: model.input.features / 3
            case .raw: clip.landmarkCount
            }
        let layout = model.input.layout
        guard let landmarks, landmarks > 0 else { return { "feature \($0)" } }
        return { feature in
            let (landmark, axis): (Int, String) =
                switch layout {
                case .x, .y, .z: (feature, layout.rawValue)
                case .xyzPlanar: (feature % landmarks, ["x", "y", "z"][min(feature / landmarks, 2)])
                case .raw, .xyzInterleaved: (feature / 3, ["x", "y", "z"][feature % 3])
                }
            let part = landmarks == FaceContours.landmarkCount ? FaceContours.part(of: landmark) : nil
            return "landmark \(landmark)\(part.map { " (\($0))" } ?? ""), \(axis)"
        }
    }
}
