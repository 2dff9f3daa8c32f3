import { CommonParts } from "../gallery/common-parts.tsx";
import { CompareParts } from "../gallery/compare-parts.tsx";
import { SearchParts } from "../gallery/search-parts.tsx";
import { ServiceParts } from "../gallery/service-parts.tsx";
import { TicketParts } from "../gallery/ticket-parts.tsx";
import { TraceParts } from "../gallery/trace-parts.tsx";
import "../gallery/gallery.css";

/** The parts of the pages, in all their states: of what no backend sent. */
export function GalleryPage() {
  return (
    <div className="page gallery">
      <h1>Gallery</h1>
      <p className="muted">The parts of the pages, in all their states.</p>
      <CommonParts />
      <TicketParts />
      <SearchParts />
      <TraceParts />
      <CompareParts />
      <ServiceParts />
    </div>
  );
}
