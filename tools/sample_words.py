"""Words that sample résumés are made of, in four languages; all people and firms are invented."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """What a résumé in one language says."""

    headings: dict[str, str]
    months: tuple[str, ...]
    present: str
    cities: tuple[str, ...]
    phone: str
    """A fictitious number with ``{}`` for three digits."""
    fields: tuple[Field, ...]
    degrees: tuple[str, ...]
    schools: tuple[str, ...]
    languages: tuple[tuple[str, str], ...]
    achievements: tuple[str, ...]


@dataclass(frozen=True)
class Field:
    """A line of work: titles from junior to senior, what is done there, and with what."""

    titles: tuple[str, ...]
    summary: str
    bullets: tuple[str, ...]
    skills: tuple[tuple[str, tuple[str, ...]], ...]
    certifications: tuple[str, ...]


FIRST = (
    "Amara",
    "Bruno",
    "Celeste",
    "Dmitri",
    "Elena",
    "Farid",
    "Greta",
    "Hiro",
    "Ines",
    "Jonas",
    "Keiko",
    "Lorenzo",
    "Mireille",
    "Nadia",
    "Oskar",
    "Priya",
    "Quentin",
    "Rosalind",
    "Samir",
    "Tamsin",
    "Ulrike",
    "Viktor",
    "Wanda",
    "Ximena",
    "Yusuf",
    "Zofia",
    "Adaeze",
    "Benedikt",
    "Camille",
    "Darragh",
    "Esperanza",
    "Florian",
    "Gwendolyn",
    "Hassan",
    "Isolde",
    "Joaquín",
    "Katarzyna",
    "Léonie",
    "Matteo",
    "Noor",
)
LAST = (
    "Abernathy",
    "Brandt",
    "Castellane",
    "Dufresne",
    "Eriksson",
    "Fairweather",
    "Galvani",
    "Hollis",
    "Ibarra",
    "Jankowski",
    "Kessler",
    "Lindqvist",
    "Marchetti",
    "Novak",
    "Okonkwo",
    "Pemberton",
    "Quiroga",
    "Rousselot",
    "Sandoval",
    "Tennant",
    "Underwood",
    "Vasquez",
    "Whitcombe",
    "Xavier",
    "Yamamoto",
    "Zeller",
    "Ashgrove",
    "Bellweather",
    "Corrigan",
    "Delacroix",
    "Engström",
    "Fontaine",
    "Grünwald",
    "Hargreaves",
    "Iturbe",
    "Jessop",
    "Kowalczyk",
    "Larkspur",
    "Moreau",
    "Nakagawa",
)
COMPANIES = (
    "Northlight Systems",
    "Harbour & Finch",
    "Quillon Analytics",
    "Meridian Freight",
    "Bluefern Health",
    "Castor Robotics",
    "Oakline Energy",
    "Tessera Software",
    "Vantor Logistics",
    "Ember Street Studio",
    "Polaris Foods",
    "Ridgeway Insurance",
    "Solstice Media",
    "Kestrel Mobility",
    "Lumen Forge",
    "Arcadia Textiles",
)

_DATA_SKILLS = (
    ("Python", "SQL", "R", "Scala", "Go"),
    ("PostgreSQL", "Kafka", "Airflow", "Spark", "dbt", "Snowflake"),
    ("Docker", "Kubernetes", "Terraform", "Git", "Azure", "AWS"),
)
_OFFICE_SKILLS = (
    ("Excel", "Power BI", "SAP", "Tableau", "Salesforce"),
    ("Scrum", "Kanban", "Jira", "Confluence", "Six Sigma"),
)

ENGLISH = Words(
    headings={
        "summary": "Summary",
        "work": "Experience",
        "education": "Education",
        "skills": "Skills",
        "languages": "Languages",
        "certifications": "Certifications",
        "projects": "Projects",
        "achievements": "Achievements",
        "contact": "Contact",
    },
    months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    present="Present",
    cities=("Chicago, IL", "Austin, TX", "Portland, OR", "Leeds, UK", "Dublin, Ireland"),
    phone="+1 312 555 0{}",
    fields=(
        Field(
            ("Junior Data Engineer", "Data Engineer", "Senior Data Engineer", "Lead Data Engineer"),
            "Data engineer with {years} years of experience in turning scattered sources into "
            "tables that people trust. At home in streaming, warehousing and the talk with those "
            "who need the numbers.",
            (
                "Built the event pipeline that moves {n} million records a day",
                "Cut the nightly load from {n} minutes to {m} by partitioning the fact tables",
                "Introduced data contracts with {m} product teams and halved broken dashboards",
                "Mentored {m} engineers and wrote the onboarding guide of the department",
                "Moved {n} legacy jobs to Airflow without a missed delivery",
                "Wrote the quality checks that catch {n} faults a week before anyone sees them",
                "Brought the cloud bill down by {n}% with storage tiers and smaller clusters",
                "Answered for the on-call rota of a platform with {n} services",
                "Designed the customer model that marketing and finance now share",
                "Opened self-service queries to {n} analysts, with training every quarter",
                "Replaced hand-made exports by an interface that {m} partners use",
            ),
            (
                ("Languages", _DATA_SKILLS[0]),
                ("Data", _DATA_SKILLS[1]),
                ("Platform", _DATA_SKILLS[2]),
            ),
            ("AWS Certified Data Analytics", "Certified Kubernetes Administrator"),
        ),
        Field(
            ("Project Assistant", "Project Coordinator", "Project Manager", "Programme Manager"),
            "Project manager with {years} years in logistics and public services. Known for plans "
            "that survive their first week and for meetings that end early.",
            (
                "Led {m} parallel projects with a budget of {n} million dollars",
                "Shortened delivery times by {n}% through weekly planning with suppliers",
                "Set up the reporting that {n} stakeholders read every Monday",
                "Negotiated framework contracts that save {n} thousand dollars a year",
                "Trained {n} colleagues in risk management",
                "Brought a stalled rollout in {m} countries back on schedule",
                "Ran the move of {n} workplaces over one weekend",
                "Introduced retrospectives that cut rework by {n}%",
                "Kept {m} suppliers and {n} permits in step for a new warehouse",
                "Prepared the audit that ended without a finding",
                "Wrote the handbook that new project leads start with",
            ),
            (("Tools", _OFFICE_SKILLS[0]), ("Methods", _OFFICE_SKILLS[1])),
            ("Project Management Professional (PMP)", "Certified ScrumMaster"),
        ),
    ),
    degrees=("M.Sc. Statistics", "B.Sc. Computer Science"),
    schools=("Lakeshore State University", "Northfield College", "University of Ardmore"),
    languages=(("English", "Native"), ("Spanish", "Fluent"), ("French", "Intermediate")),
    achievements=("Winner of the Open Data Challenge {y}", "Speaker at DataWorks {y}"),
)
FRENCH = Words(
    headings={
        "summary": "Profil",
        "work": "Expérience professionnelle",
        "education": "Formation",
        "skills": "Compétences",
        "languages": "Langues",
        "certifications": "Certifications",
        "projects": "Projets",
        "achievements": "Distinctions",
        "contact": "Coordonnées",
    },
    months=(
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ),
    present="aujourd'hui",
    cities=("Lyon", "Nantes", "Bruxelles", "Lausanne", "Montréal"),
    phone="+33 1 99 00 1{}",
    fields=(
        Field(
            ("Assistante de gestion", "Contrôleuse de gestion", "Responsable financière"),
            "Contrôleuse de gestion avec {years} ans d'expérience dans l'industrie et les "
            "services. Rigoureuse et pédagogue, elle aime rendre les chiffres utiles à ceux qui "
            "décident.",
            (
                "Mise en place du tableau de bord suivi par {n} responsables de site",
                "Réduction des délais de clôture de {n} à {m} jours",
                "Pilotage d'un budget de {n} millions d'euros avec {m} directions",
                "Formation de {n} collaborateurs à l'analyse des écarts",
                "Audit des processus d'achat et économies de {n} % sur les frais généraux",
                "Automatisation de {n} rapports mensuels avec Power BI",
                "Élaboration du plan à {m} ans avec la direction générale",
                "Suivi des coûts de revient de {n} références",
                "Animation du réseau des {m} contrôleurs régionaux",
                "Reprise comptable de deux filiales rachetées",
            ),
            (("Outils", ("SAP", "Excel", "Power BI", "SQL", "Hyperion")), ("Méthodes", ("Scrum",))),
            ("DSCG, unité 3", "Certification Power BI PL-300"),
        ),
    ),
    degrees=("Master Contrôle de gestion", "Licence Économie et gestion"),
    schools=("Université de Valmont", "École supérieure de commerce d'Arvel"),
    languages=(("Français", "langue maternelle"), ("Anglais", "courant"), ("Allemand", "B1")),
    achievements=("Prix de l'innovation interne {y}",),
)
SPANISH = Words(
    headings={
        "summary": "Perfil",
        "work": "Experiencia laboral",
        "education": "Formación académica",
        "skills": "Habilidades",
        "languages": "Idiomas",
        "certifications": "Certificaciones",
        "projects": "Proyectos",
        "achievements": "Logros",
        "contact": "Contacto",
    },
    months=(
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
    present="actualidad",
    cities=("Sevilla", "Bilbao", "Valencia", "Ciudad de México", "Montevideo"),
    phone="+34 600 55 0{}",
    fields=(
        Field(
            ("Técnico de soporte", "Desarrollador web", "Desarrollador sénior"),
            "Desarrollador con {years} años de experiencia en comercio electrónico y banca. Le "
            "gusta el código que se lee como una carta y las pruebas que se ejecutan solas.",
            (
                "Desarrollo de la tienda en línea con {n} mil visitas al día",
                "Reducción del tiempo de carga en un {n} % con una nueva capa de caché",
                "Migración de {m} servicios a contenedores sin interrupciones",
                "Formación de {m} personas en pruebas automáticas",
                "Integración de pagos con {m} bancos de la región",
                "Diseño de la interfaz que usan {n} mil clientes desde el móvil",
                "Revisión de accesibilidad y corrección de {n} fallos",
                "Puesta en marcha de la integración continua del equipo",
                "Soporte a {n} tiendas con un tiempo de respuesta de {m} horas",
                "Documentación de la arquitectura para las nuevas incorporaciones",
            ),
            (
                ("Lenguajes", ("JavaScript", "TypeScript", "PHP", "Python", "SQL")),
                ("Herramientas", ("Docker", "Git", "Jenkins", "MySQL", "React")),
            ),
            ("Oracle Certified Professional", "Scrum Master PSM I"),
        ),
    ),
    degrees=("Grado en Ingeniería Informática", "Máster en Desarrollo Web"),
    schools=("Universidad de Almarza", "Escuela Técnica de Peñablanca"),
    languages=(("Español", "nativo"), ("Inglés", "C1"), ("Portugués", "B2")),
    achievements=("Premio al mejor proyecto {y}",),
)
GERMAN = Words(
    headings={
        "summary": "Profil",
        "work": "Berufserfahrung",
        "education": "Ausbildung",
        "skills": "Kenntnisse",
        "languages": "Sprachen",
        "certifications": "Zertifikate",
        "projects": "Projekte",
        "achievements": "Auszeichnungen",
        "contact": "Kontakt",
    },
    months=tuple(f"{month:02d}" for month in range(1, 13)),
    present="heute",
    cities=("Leipzig", "Graz", "Bremen", "Winterthur", "Freiburg im Breisgau"),
    phone="+49 30 23125 {}",
    fields=(
        Field(
            ("Konstrukteurin", "Entwicklungsingenieurin", "Teamleiterin Entwicklung"),
            "Maschinenbauingenieurin mit {years} Jahren Erfahrung in der Entwicklung von "
            "Antrieben. Sie verbindet gründliche Berechnung mit Freude an der Werkstatt.",
            (
                "Leitung eines Teams von {m} Personen bei der Entwicklung neuer Getriebe",
                "Senkung der Prüfzeiten um {n} % durch automatische Messungen",
                "Einführung eines Änderungsprozesses für {n} Bauteile",
                "Betreuung von {m} Abschlussarbeiten und Praktikantinnen",
                "Abstimmung mit {m} Lieferanten in Österreich und der Schweiz",
                "Auslegung und Berechnung von {n} Wellen und Lagerungen",
                "Aufbau eines Prüfstands für {m} Baureihen",
                "Gewichtseinsparung von {n} % durch neue Werkstoffe",
                "Erstellung der technischen Dokumentation in zwei Sprachen",
                "Begleitung der Serieneinführung im Werk und bei Kunden",
            ),
            (
                ("Software", ("CATIA", "SolidWorks", "MATLAB", "SAP", "Ansys")),
                ("Methoden", ("FMEA", "Scrum", "Six Sigma")),
            ),
            ("Six Sigma Green Belt", "Qualitätsmanagerin (TÜV)"),
        ),
    ),
    degrees=("M.Sc. Maschinenbau", "B.Eng. Mechatronik"),
    schools=("Technische Universität Auenstein", "Hochschule Königsfelde"),
    languages=(("Deutsch", "Muttersprache"), ("Englisch", "C1"), ("Italienisch", "A2")),
    achievements=("Förderpreis des Ingenieurverbands {y}",),
)
LANGUAGES: dict[str, Words] = {"en": ENGLISH, "fr": FRENCH, "es": SPANISH, "de": GERMAN}
