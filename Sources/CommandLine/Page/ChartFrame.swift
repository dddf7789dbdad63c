import EmotionFormer
import EmotionFormerFiles

/// The axes of a chart, with percentages or plain numbers on the vertical axis.
///
/// Charts are 360 units wide, so that their labels have the size of text on a phone.
struct ChartFrame {
    static let width = 360.0
    let height: Double
    let left = 44.0
    let right = 10.0
    let top = 8.0
    let bottom = 34.0
    /// The title of the horizontal axis.
    let title: String
    /// The range of the horizontal axis.
    let range: ClosedRange<Double>
    let ticks: [(value: Double, text: String)]
    /// The values at the bottom and the top of the vertical axis: fractions, or any numbers.
    let minimum: Double
    let maximum: Double
    private let showsPercent: Bool
    /// The text alternative of the chart.
    let description: String

    /// - Parameters:
    ///   - maximum: the fraction at the top of the vertical axis.
    ///   - numbers: the range of the vertical axis, if it does not show fractions.
    init(
        height: Double = 320, title: String, range: ClosedRange<Double> = 0...1,
        ticks: [(value: Double, text: String)] = [
            (0, "0 %"), (0.25, "25 %"), (0.5, "50 %"), (0.75, "75 %"), (1, "100 %"),
        ],
        maximum: Double = 1, numbers: ClosedRange<Double>? = nil, description: String
    ) {
        self.height = height
        self.title = title
        self.range = range
        self.ticks = ticks
        minimum = numbers?.lowerBound ?? 0
        self.maximum = numbers?.upperBound ?? maximum
        showsPercent = numbers == nil
        self.description = description
    }

    func x(_ value: Double) -> Double {
        let extent = range.upperBound - range.lowerBound
        return left + (ChartFrame.width - left - right) * (extent > 0 ? (value - range.lowerBound) / extent : 0.5)
    }

    /// - Parameter value: `minimum` at the bottom, `maximum` at the top.
    func y(_ value: Double) -> Double {
        let extent = maximum - minimum
        return top + (height - top - bottom) * (1 - (extent > 0 ? (value - minimum) / extent : 0.5))
    }

    func point(_ horizontal: Double, _ vertical: Double) -> String {
        "\(HTML.coordinate(x(horizontal))),\(HTML.coordinate(y(vertical)))"
    }

    /// The chart as SVG, with `content` over the grid.
    func svg(identifier: String? = nil, _ content: String) -> String {
        let name = identifier.map { " id=\"\($0)\"" } ?? ""
        var drawing = "<svg\(name) viewBox=\"0 0 \(Int(ChartFrame.width)) \(Int(height))\" role=\"img\" "
        drawing += "aria-label=\"\(HTML.escaped(description))\">\n"
        for step in 0...4 {
            let value = minimum + (maximum - minimum) * Double(step) / 4
            let text = showsPercent ? "\(DecimalText.fixed(value * 100, 0)) %" : DecimalText.short(value)
            drawing += line("grid", range.lowerBound, value, range.upperBound, value)
            drawing += "<text x=\"\(HTML.coordinate(left - 5))\" y=\"\(HTML.coordinate(y(value) + 4))\" "
            drawing += "text-anchor=\"end\">\(text)</text>\n"
        }
        for tick in ticks {
            let anchor = x(tick.value) > ChartFrame.width - 24 ? "end" : "middle"
            let place = anchor == "end" ? ChartFrame.width - 2 : x(tick.value)
            drawing += line("grid", tick.value, minimum, tick.value, maximum)
            drawing += "<text x=\"\(HTML.coordinate(place))\" y=\"\(HTML.coordinate(height - bottom + 14))\" "
            drawing += "text-anchor=\"\(anchor)\">\(HTML.escaped(tick.text))</text>\n"
        }
        drawing += "<text x=\"\(HTML.coordinate((left + ChartFrame.width - right) / 2))\" "
        drawing += "y=\"\(HTML.coordinate(height - 4))\" text-anchor=\"middle\">\(HTML.escaped(title))</text>\n"
        return drawing + content + "</svg>\n"
    }

    func line(_ style: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
        "<line class=\"\(style)\" x1=\"\(HTML.coordinate(x(x1)))\" y1=\"\(HTML.coordinate(y(y1)))\" "
            + "x2=\"\(HTML.coordinate(x(x2)))\" y2=\"\(HTML.coordinate(y(y2)))\"/>\n"
    }

    func curve(_ style: String, _ points: [(Double, Double)]) -> String {
        // Steps that are too small to see are left out, except the last.
        var kept: [(Double, Double)] = []
        for (index, point) in points.enumerated() {
            if let last = kept.last, index < points.count - 1,
                abs(x(point.0) - x(last.0)) + abs(y(point.1) - y(last.1)) < 0.3
            {
                continue
            }
            kept.append(point)
        }
        let places = kept.map { point($0.0, $0.1) }
        // One point alone draws nothing.
        if places.count == 1, let only = points.first {
            return "<circle class=\"curve \(style)\" cx=\"\(HTML.coordinate(x(only.0)))\" "
                + "cy=\"\(HTML.coordinate(y(only.1)))\" r=\"2\"/>\n"
        }
        return "<polyline class=\"curve \(style)\" points=\"\(places.joined(separator: " "))\"/>\n"
    }

    /// The legend: colors with names.
    static func legend(_ entries: [String]) -> String {
        "<ul class=\"legend\">"
            + entries.enumerated().map { "<li><i class=\"\(HTML.color($0))\"></i>\(HTML.escaped($1))</li>" }.joined()
            + "</ul>\n"
    }
}
